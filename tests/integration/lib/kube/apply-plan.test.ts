import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { applyPlan, resultOfApplied } from '#lib/kube/apply-plan.ts';
import { connectKubeApi, type KubeConnection } from '#lib/kube/client-node.ts';
import { ENDPOINT_SLICES } from '#lib/kube/resources.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../../support/control-plane.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

let controlPlane: SharedControlPlane;
let connection: KubeConnection;
let namespace: string;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  namespace = await controlPlane.createNamespace();
  connection = connectKubeApi({ kubeconfig: controlPlane.adminKubeconfig, component: 'test', version: '0' });
});

afterAll(() => connection.close());

const aSlice = (name: string, address = '10.0.0.1'): EndpointSlice => ({
  metadata: { namespace, name },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
});

async function apply(plan: Partial<Plan<EndpointSlice>>) {
  const noted: string[] = [];
  const applied = await applyPlan(
    {
      api: connection.api,
      resource: ENDPOINT_SLICES,
      logger: silentLogger,
      noteWrite: ({ metadata }) => noted.push(metadata.name),
    },
    { create: [], update: [], delete: [], ...plan },
  );
  return { ...applied, noted };
}

const stored = (name: string) => connection.api.get(ENDPOINT_SLICES, { namespace, name });
const done = { created: 0, updated: 0, deleted: 0, conflicts: 0, errors: [], noted: [] };

test('creates, updates and deletes; noted is what now stands', async () => {
  expect(await apply({ create: [aSlice('a'), aSlice('b')] })).toEqual({
    ...done,
    created: 2,
    noted: ['a', 'b'],
  });
  const current = await stored('a');
  const applied = await apply({
    create: [aSlice('c')],
    update: [{ current, next: { ...aSlice('a'), endpoints: [{ addresses: ['10.0.0.9'] }] } }],
    delete: [await stored('b')],
  });
  expect(applied).toEqual({ ...done, created: 1, updated: 1, deleted: 1, noted: ['c', 'a'] });
  expect((await stored('a')).endpoints[0]?.addresses).toEqual(['10.0.0.9']);
  expect(resultOfApplied(applied)).toEqual({ kind: 'done' });
});

test('a write on an old version is a conflict, and nothing is deleted after it', async () => {
  await apply({ create: [aSlice('old'), aSlice('spare')] });
  const old = await stored('old');
  await connection.api.replace(ENDPOINT_SLICES, { ...old, endpoints: [] });
  const applied = await apply({ update: [{ current: old, next: old }], delete: [await stored('spare')] });
  expect(applied).toEqual({ ...done, conflicts: 1 });
  expect((await stored('spare')).metadata.name).toBe('spare');
  expect(resultOfApplied(applied).kind).toBe('retry');
});

test('a name that is taken, and an object that vanished before its update, are conflicts', async () => {
  await apply({ create: [aSlice('taken'), aSlice('vanished')] });
  const vanished = await stored('vanished');
  await connection.api.delete(ENDPOINT_SLICES, { namespace, name: 'vanished' });
  expect(await apply({ create: [aSlice('taken')] })).toEqual({ ...done, conflicts: 1 });
  expect(await apply({ update: [{ current: vanished, next: vanished }] })).toEqual({ ...done, conflicts: 1 });
});

test('what was replaced by another of the same name is not deleted', async () => {
  await apply({ create: [aSlice('reborn')] });
  const first = await stored('reborn');
  await apply({ delete: [first] });
  await apply({ create: [aSlice('reborn')] });
  expect(await apply({ delete: [first] })).toEqual({ ...done, conflicts: 1 });
  expect((await stored('reborn')).metadata.uid).not.toBe(first.metadata.uid);
});

test('deleting what is gone is done', async () => {
  await apply({ create: [aSlice('gone')] });
  const gone = await stored('gone');
  await apply({ delete: [gone] });
  expect(await apply({ delete: [gone] })).toEqual(done);
});

test('what the API server refuses is an error; its siblings are still tried', async () => {
  const applied = await apply({ create: [aSlice('bad', 'no address'), aSlice('good')] });
  expect(applied).toMatchObject({ created: 1, conflicts: 0, errors: [expect.any(Error)] });
  expect(resultOfApplied(applied).kind).toBe('retry');
});

test('managed fields are cleared with an update where it is asked for, and stay away', async () => {
  const deps = { api: connection.api, resource: ENDPOINT_SLICES, logger: silentLogger };
  await apply({ create: [aSlice('light')] });
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/light`;
  const fieldsOf = async () => JSON.stringify(await controlPlane.api.get(path)).includes('managedFields');
  expect(await fieldsOf()).toBe(true);
  for (const address of ['10.0.0.2', '10.0.0.3']) {
    const current = await stored('light');
    const update = [{ current, next: { ...current, endpoints: [{ addresses: [address] }] } }];
    await applyPlan({ ...deps, clearsManagedFields: true }, { create: [], update, delete: [] });
    expect(await fieldsOf()).toBe(false);
    expect((await stored('light')).endpoints[0]?.addresses).toEqual([address]);
  }
});
