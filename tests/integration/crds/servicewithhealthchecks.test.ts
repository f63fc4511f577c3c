import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { ApiError } from '../../../dev/cluster/api-client.ts';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../support/control-plane.ts';
import { mutated } from '../../support/mutated-manifest.ts';
import {
  BAD_OBJECTS,
  GOOD_OBJECTS,
  type Manifest,
  manifest,
  withProbes,
} from '../../support/resource-corpus.ts';

const CRD_FILE = new URL('../../../crds/servicewithhealthchecks.yaml', import.meta.url).pathname;

let cluster: SharedControlPlane;
let namespace: string;

beforeAll(async () => {
  cluster = await sharedControlPlane();
  namespace = await cluster.createNamespace('crd');
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', CRD_FILE]);
  await waitFor('the rules to be in force', async () => {
    const answer = await dryRun(manifest({}));
    return typeof answer === 'string' && answer.includes('entry in ports') ? answer : undefined;
  });
});

describe('the API server with our resource definition', () => {
  it.each(BAD_OBJECTS)('refuses $name and says what to write', async ({ object, refusal }) => {
    expect(await dryRun(object)).toEqual(expect.stringContaining(refusal));
  });

  it.each([...GOOD_OBJECTS, ...['web', 'smtp', 'postgres-read', 'postgres-write'].map(exampleObject)])(
    'accepts $name, and what it stores means the same',
    async ({ object }) => {
      const stored = await dryRun(object);
      expect(stored).toMatchObject({ kind: 'ServiceWithHealthchecks' });
      expect(meaningOf(stored)).toEqual(meaningOf(inNamespace(object)));
    },
  );

  it('fills in the documented defaults', async () => {
    const probe = { timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
    const given = manifest({
      ports: [{ port: 80 }],
      healthcheck: {
        requirement: {},
        failOpen: {},
        probes: [{ http: { targetPort: 1 } }, { postgreSQL: { targetPort: 1 } }],
      },
    });
    expect(await dryRun(given)).toMatchObject({
      spec: {
        type: 'ClusterIP',
        ports: [{ port: 80, protocol: 'TCP' }],
        healthcheck: {
          initialDelaySeconds: 10,
          periodSeconds: 10,
          podReadiness: 'Container',
          requirement: { type: 'All' },
          failOpen: { type: 'None' },
          probes: [
            {
              ...probe,
              http: {
                targetPort: 1,
                scheme: 'HTTP',
                method: 'GET',
                insecureSkipTLSVerify: false,
                version: 'HTTP1',
                connection: 'Fresh',
              },
            },
            { ...probe, postgreSQL: { targetPort: 1, query: 'select 1' } },
          ],
        },
      },
    });
  });

  it('accepts nothing that the parser rejects, and both understand it in the same way', async () => {
    const counts = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(mutated(), async (object) => {
        const stored = await dryRun(object);
        counts[typeof stored === 'string' ? 'refused' : 'accepted'] += 1;
        if (typeof stored === 'string' || isForTheParserOnly(object)) return;
        expect(meaningOf(stored)).toEqual(meaningOf(inNamespace(object)));
      }),
      { numRuns: 300 },
    );
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(10);
  });

  it('prints the columns', async () => {
    const { metadata } = await cluster.api.post<Manifest>(collection(), inNamespace(withProbes()));
    await cluster.api.mergePatch(`${collection()}/${metadata['name']}/status`, {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'NotAllEndpointsAreReady',
            message: 'one is down',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
        healthcheckCondition: { observedGeneration: 1, endpoints: 3, readyEndpoints: 2, activeNodeName: 'n' },
        endpoints: '2/3',
        endpointStatuses: [
          {
            podName: 'p',
            nodeName: 'n',
            ready: false,
            probesSuccessful: false,
            failedProbes: ['tcp:10.0.0.1:80'],
            message: 'refused',
          },
        ],
        clusterIP: '10.96.0.7',
        clusterIPs: ['10.96.0.7'],
        ipFamilies: ['IPv4'],
        loadBalancer: {
          ingress: [{ ip: '192.0.2.7', ipMode: 'VIP', ports: [{ port: 80, protocol: 'TCP' }] }],
        },
      },
    });
    const table = await cluster.kubectl(['get', 'swh', '-n', namespace]);
    const [head, row] = table.split('\n').map((line) => line.split(/\s+/).filter((cell) => cell !== ''));
    expect(head).toEqual(['NAME', 'TYPE', 'READY', 'ENDPOINTS', 'CLUSTER-IP', 'EXTERNALIP', 'PORTS', 'AGE']);
    expect(row?.slice(0, -1)).toEqual(['web', 'ClusterIP', 'False', '2/3', '10.96.0.7', '192.0.2.7', '80']);
  });
});

describe('objects stored before the rules', () => {
  it('go on taking status and label writes, and changes elsewhere in the spec', async () => {
    const group = 'older.example.com';
    const before = definition(group, true);
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(before));
    const old = BAD_OBJECTS.filter(({ name }) => KEPT.includes(name));
    const path = `/apis/${group}/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
    for (const [index, { object }] of old.entries()) {
      const name = object.metadata['name'] === 'web' ? `old-${index}` : object.metadata['name'];
      const body = { ...object, apiVersion: `${group}/v1alpha1`, metadata: { name } };
      await waitFor(`${group} to be served`, () => cluster.api.post<object>(path, body));
    }
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(definition(group, false)));
    await waitFor('the rules to be in force', async () => {
      const body = { ...manifest({}), apiVersion: `${group}/v1alpha1`, metadata: { name: 'fresh' } };
      return (await attempt(() => cluster.api.post(`${path}?dryRun=All`, body))) === undefined
        ? undefined
        : true;
    });
    const { items } = await cluster.api.get<{ readonly items: readonly Manifest[] }>(path);
    expect(items.length).toBe(KEPT.length);
    for (const { metadata } of items) {
      const one = `${path}/${metadata['name']}`;
      await cluster.api.mergePatch(`${one}/status`, { status: { endpoints: '0/0' } });
      await cluster.api.mergePatch(one, { metadata: { labels: { a: 'b' } } });
      await cluster.api.mergePatch(one, { spec: { selector: { app: 'web' } } });
    }
    await cluster.kubectl(['delete', 'crd', `servicewithhealthchecks.${group}`, '--wait=false']);
  });
});

/** Objects that an API server without our rules may hold. */
const KEPT: readonly string[] = [
  'a name that no Service may have',
  'a mode without its block',
  'a further block beside that of the mode',
  'a path without a slash',
  'a timeout above the period',
];

/** Our definition under another group, with or without its rules. */
function definition(group: string, isWithoutRules: boolean): unknown {
  const text = readFileSync(CRD_FILE, 'utf8').replaceAll('network.deckhouse.io', group);
  const plain = parseYaml(text);
  if (!isWithoutRules) return plain;
  return JSON.parse(
    JSON.stringify(plain, (key, value: unknown) => (key === 'x-kubernetes-validations' ? undefined : value)),
  );
}

function collection(): string {
  return `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
}

function inNamespace(object: Manifest): Manifest {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** What the API server would store, or why it refuses. */
async function dryRun(object: Manifest): Promise<Manifest | string> {
  const body = inNamespace(object);
  let stored: Manifest | undefined;
  const refusal = await attempt(async () => {
    stored = await cluster.api.post<Manifest>(`${collection()}?dryRun=All`, body);
  });
  return stored ?? refusal ?? 'no answer';
}

async function attempt(write: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

/** What the product makes of an object; the reasons when it rejects it. */
function meaningOf(object: unknown): Partial<ServiceWithHealthchecks> | readonly unknown[] {
  const result = parseServiceWithHealthchecks(object);
  if (result.kind === 'rejected') return ['rejected', ...result.violations];
  const { service, healthcheck } = result.swh;
  return { service, healthcheck };
}

/** Faults that no rule of a definition can see: broken certificates, NUL, half characters. */
function isForTheParserOnly(object: Manifest): boolean {
  const text = JSON.stringify(object.spec) ?? '';
  const result = parseServiceWithHealthchecks(object);
  const isCert =
    result.kind === 'rejected' && result.violations.some(({ message }) => message.includes('certificate'));
  return isCert || /\\u0000|\\ud[89a-f]/.test(text);
}

function exampleObject(name: string): { readonly name: string; readonly object: Manifest } {
  const file = new URL(`../../../dev/examples/${name}.yaml`, import.meta.url);
  // Our own file; the API server checks it.
  return { name: `the example ${name}`, object: parseYaml(readFileSync(file, 'utf8')) as Manifest };
}
