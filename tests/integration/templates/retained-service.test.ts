import { beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../../dev/cluster/api-client.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { installModule } from '../../support/installed-module.ts';

type Propagation = 'Foreground' | 'Background' | 'Orphan';

interface Case {
  readonly deletionPolicy?: 'Delete' | 'Retain';
  readonly propagation?: Propagation;
  readonly isRefused: boolean;
}

const CASES: readonly Case[] = [
  { deletionPolicy: 'Retain', propagation: 'Foreground', isRefused: true },
  { deletionPolicy: 'Retain', propagation: 'Background', isRefused: false },
  { deletionPolicy: 'Retain', propagation: 'Orphan', isRefused: false },
  { deletionPolicy: 'Retain', isRefused: false },
  { deletionPolicy: 'Delete', propagation: 'Foreground', isRefused: false },
  { propagation: 'Foreground', isRefused: false },
];

let cluster: SharedControlPlane;
let objects: string;

beforeAll(async () => {
  const installed = await installModule('retained');
  cluster = installed.cluster;
  objects = `/apis/network.deckhouse.io/v1alpha1/namespaces/${installed.namespace}/servicewithhealthchecks`;
  await waitFor('the policy to be in force', async () =>
    (await refusalOf({ deletionPolicy: 'Retain', propagation: 'Foreground', isRefused: true })) === undefined
      ? undefined
      : true,
  );
});

describe('deleting an object', () => {
  it.each(CASES)('with $deletionPolicy in the way $propagation: refused $isRefused', async (one) => {
    const refusal = await refusalOf(one);
    if (!one.isRefused) return expect(refusal).toBeUndefined();
    expect(refusal).toContain('ServiceWithHealthchecks web is to leave its Service behind');
    expect(refusal).toContain('--cascade=background');
  });

  it('is not refused by an expression that the API server finds wrong', async () => {
    const name = 'retained-service.service-with-healthchecks.deckhouse.io';
    const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/${name}`;
    const { status, metadata } = await waitFor('the expressions to be checked', async () => {
      const policy = await cluster.api.get<Policy>(path);
      return policy.status?.observedGeneration === policy.metadata.generation ? policy : undefined;
    });
    expect(status).toEqual({ observedGeneration: metadata.generation, typeChecking: {} });
  });
});

interface Policy {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly typeChecking?: object };
}

/** What the API server says against the deletion, or nothing where it lets it in. The deletion is a dry run. */
async function refusalOf({ deletionPolicy, propagation }: Case): Promise<string | undefined> {
  const type = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks' };
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }], ...(deletionPolicy && { deletionPolicy }) };
  await cluster.api.post(objects, { ...type, metadata: { name: 'web' }, spec });
  const options = { dryRun: ['All'], ...(propagation && { propagationPolicy: propagation }) };
  try {
    await cluster.api.delete(`${objects}/web`, options);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && /denied request/.test(error.message)) return error.message;
    throw error;
  } finally {
    await cluster.api.delete(`${objects}/web`);
  }
}
