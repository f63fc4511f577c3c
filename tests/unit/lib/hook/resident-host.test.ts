import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { CONFIRM_DELETION_MS } from '#lib/hook/deletion-confirmation.ts';
import type { Hook } from '#lib/hook/hook.ts';
import { createResidentHook, type HookOutcome } from '#lib/hook/resident-host.ts';
import { ENDPOINT_SLICES, SERVICES } from '#lib/kube/resources.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { apiError, MemoryApi, memorySource } from '../../../support/memory-api.ts';

const object = (
  kind: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): KubernetesObject => ({
  apiVersion: kind === 'Service' ? 'v1' : 'discovery.k8s.io/v1',
  kind,
  metadata: { namespace: 'ns', name, labels },
});

/** Every Service gets a slice of its name; a slice without Service goes; a Service is labelled once. */
const hook: Hook = {
  name: 'pairs',
  config: {
    configVersion: 'v1',
    kubernetes: [
      { name: 'services', apiVersion: 'v1', kind: 'Service' },
      { name: 'slices', apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
    ],
  },
  keysOf: (_binding, { metadata }) => [`${metadata.namespace}/${metadata.name}`],
  reconcile({ services = [], slices = [] }) {
    const has = (list: readonly KubernetesObject[], one: KubernetesObject) =>
      list.some(({ metadata }) => metadata.name === one.metadata.name);
    return [
      ...services
        .filter((one) => !has(slices, one))
        .map((one) => ({ operation: 'Create' as const, object: object('EndpointSlice', one.metadata.name) })),
      ...services
        .filter(({ metadata }) => metadata.labels?.['seen'] !== 'yes')
        .map(({ metadata }) => ({
          operation: 'MergePatch' as const,
          apiVersion: 'v1',
          kind: 'Service',
          namespace: 'ns',
          name: metadata.name,
          mergePatch: { metadata: { resourceVersion: metadata.resourceVersion, labels: { seen: 'yes' } } },
        })),
      ...slices
        .filter((one) => !has(services, one))
        .map(({ metadata }) => ({
          operation: 'DeleteInBackground' as const,
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          namespace: 'ns',
          name: metadata.name,
          ...(metadata.labels?.['patient'] === 'yes' ? { confirmMs: 10_000 } : {}),
        })),
    ];
  },
};

function setUp() {
  const api = new MemoryApi();
  const clock = new FakeClock();
  const services = memorySource(SERVICES);
  const slices = memorySource(ENDPOINT_SLICES);
  const outcomes: HookOutcome[] = [];
  const woken: string[] = [];
  const resident = createResidentHook({
    hook,
    api,
    clock,
    logger: createJsonLogger({ level: 'error' }),
    sources: { services, slices },
    onOutcome: (_hook, _key, outcome) => outcomes.push(outcome),
  });
  resident.follow((key) => woken.push(key));
  const reconcile = (key: string) => resident.reconcile(key, new AbortController().signal);
  return { api, clock, services, slices, outcomes, woken, resident, reconcile };
}

describe('createResidentHook', () => {
  it('wakes the keys that change and plans for one key only', async () => {
    const { api, services, woken, reconcile, resident } = setUp();
    services.put(api.seed(SERVICES, object('Service', 'a')));
    services.put(api.seed(SERVICES, object('Service', 'b')));
    expect(woken).toEqual(['ns/a', 'ns/b']);
    expect(resident.keys()).toEqual(['ns/a', 'ns/b']);
    expect(await reconcile('ns/a')).toEqual({ kind: 'done' });
    expect(api.writes).toEqual(['create EndpointSlice ns/a', 'patch Service ns/a']);
  });

  it('sees its own writes at once, so that the next reconcile writes nothing', async () => {
    const { api, services, outcomes, reconcile } = setUp();
    services.put(api.seed(SERVICES, object('Service', 'a')));
    await reconcile('ns/a');
    await reconcile('ns/a');
    expect(api.writes).toHaveLength(2);
    expect(outcomes).toEqual([
      { kind: 'done', operations: 2 },
      { kind: 'done', operations: 0 },
    ]);
  });

  it('reports what the API server refuses, and throws it for the back-off', async () => {
    const { api, services, outcomes, reconcile } = setUp();
    services.put(api.seed(SERVICES, object('Service', 'a')));
    api.failure = apiError(422, 'Invalid', 'spec is wrong');
    await expect(reconcile('ns/a')).rejects.toThrow('spec is wrong');
    expect(outcomes).toEqual([{ kind: 'failed', message: 'spec is wrong' }]);
    // What comes after it is not held up.
    expect(api.writes).toEqual(['create EndpointSlice ns/a', 'patch Service ns/a']);
  });

  it('does not report a conflict, which only says that it looked too early', async () => {
    const { services, api, outcomes, reconcile } = setUp();
    const seeded = api.seed(SERVICES, object('Service', 'a'));
    services.put({ ...seeded, metadata: { ...seeded.metadata, resourceVersion: '1' } });
    await expect(reconcile('ns/a')).rejects.toThrow('Conflict');
    expect(outcomes).toEqual([]);
  });

  it('does nothing before every binding has its first list', async () => {
    const { api, services, slices, reconcile } = setUp();
    slices.state.hasSynced = false;
    services.put(api.seed(SERVICES, object('Service', 'a')));
    expect(await reconcile('ns/a')).toMatchObject({ kind: 'requeueAfter' });
    expect(api.writes).toEqual([]);
  });
});

describe('a deletion', () => {
  const orphaned = () => {
    const world = setUp();
    world.slices.put(world.api.seed(ENDPOINT_SLICES, object('EndpointSlice', 'a')));
    return world;
  };

  it('waits until it has been planned for a while', async () => {
    const { api, clock, reconcile } = orphaned();
    expect(await reconcile('ns/a')).toEqual({ kind: 'requeueAfter', ms: CONFIRM_DELETION_MS });
    await clock.advance(CONFIRM_DELETION_MS - 1);
    expect(await reconcile('ns/a')).toEqual({ kind: 'requeueAfter', ms: 1 });
    expect(api.writes).toEqual([]);
    await clock.advance(1);
    expect(await reconcile('ns/a')).toEqual({ kind: 'done' });
    expect(api.writes).toEqual(['delete EndpointSlice ns/a']);
  });

  it('waits as long as its hook asks for', async () => {
    const { api, clock, reconcile, slices } = setUp();
    slices.put(api.seed(ENDPOINT_SLICES, object('EndpointSlice', 'a', { patient: 'yes' })));
    expect(await reconcile('ns/a')).toEqual({ kind: 'requeueAfter', ms: 10_000 });
    await clock.advance(CONFIRM_DELETION_MS);
    expect(await reconcile('ns/a')).toEqual({ kind: 'requeueAfter', ms: 10_000 - CONFIRM_DELETION_MS });
    expect(api.writes).toEqual([]);
    await clock.advance(10_000 - CONFIRM_DELETION_MS);
    expect(await reconcile('ns/a')).toEqual({ kind: 'done' });
    expect(api.writes).toEqual(['delete EndpointSlice ns/a']);
  });

  it('is dropped when what seemed missing arrives, and starts its wait anew afterwards', async () => {
    const { api, clock, services, reconcile } = orphaned();
    await reconcile('ns/a');
    await clock.advance(CONFIRM_DELETION_MS / 2);
    services.put(api.seed(SERVICES, object('Service', 'a', { seen: 'yes' })));
    expect(await reconcile('ns/a')).toEqual({ kind: 'done' });
    await clock.advance(CONFIRM_DELETION_MS);
    services.remove('ns/a');
    expect(await reconcile('ns/a')).toEqual({ kind: 'requeueAfter', ms: CONFIRM_DELETION_MS });
    expect(api.writes).toEqual([]);
  });

  it('never happens while a watch is broken', async () => {
    const { api, clock, services, reconcile } = orphaned();
    services.state.isStale = true;
    for (let round = 0; round < 3; round++) {
      expect(await reconcile('ns/a')).toMatchObject({ kind: 'requeueAfter' });
      await clock.advance(CONFIRM_DELETION_MS);
    }
    expect(api.writes).toEqual([]);
    services.state.isStale = false;
    await reconcile('ns/a');
    await clock.advance(CONFIRM_DELETION_MS);
    await reconcile('ns/a');
    expect(api.writes).toEqual(['delete EndpointSlice ns/a']);
  });
});
