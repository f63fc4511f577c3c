import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { applyOperation } from '#lib/hook/apply-operation.ts';
import { ENDPOINTS, SERVICES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { childService } from '../../../../hooks/child-service.ts';
import { createHandOverReconciler } from '../../../../images/controller/src/hand-over-reconciler.ts';
import { createControllerMetrics } from '../../../../images/controller/src/metrics.ts';
import { createStatusReconciler } from '../../../../images/controller/src/status-reconciler.ts';
import { createTakeOverProgress } from '../../../../images/controller/src/take-over-progress.ts';
import { createTakeOverReconciler } from '../../../../images/controller/src/take-over-reconciler.ts';
import { aPod } from '../../../support/builders.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { aResource } from '../../../support/hook-world.ts';
import { storeCreated } from '../../../support/service-defaulting.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { consumersView, Died, type ModelPod, TakeOverModel } from '../../../support/take-over-model.ts';

const KEY = 'default/web';
const SPEC = {
  selector: { app: 'web' },
  ports: [{ name: 'http', port: 80 }],
  healthcheck: { periodSeconds: 1, probes: [{ mode: 'TCP', tcp: { targetPort: 80 } }] },
};

const PARTS = ['hook', 'takeOver', 'handOver', 'status'] as const;
type Part = (typeof PARTS)[number];

/** A controller with everything that it remembers; its parts work side by side. */
function startController(
  model: TakeOverModel,
  clock: FakeClock,
): Readonly<Record<Part, () => Promise<unknown>>> {
  const api = model.api();
  const snapshotsOf = () => {
    const present = (objects: readonly (KubernetesObject | undefined)[]) =>
      objects.filter((one) => one !== undefined);
    return {
      objects: present([model.find(SERVICES_WITH_HEALTHCHECKS)]),
      services: present([model.find(SERVICES)]),
      slices: model.slices(),
    };
  };
  const progress = createTakeOverProgress(() => {});
  const logger = silentLogger;
  const takeOver = createTakeOverReconciler({
    api,
    clock,
    logger,
    progress,
    snapshotsOf,
    noteWrite: () => {},
  });
  const handOver = createHandOverReconciler({ api, clock, logger, snapshotsOf });
  const status = createStatusReconciler({
    ...{ api, clock, noteWrite: () => {}, record: () => {} },
    metrics: createControllerMetrics(createMetrics(), { depths: new Map(), nodeEndpoints: () => new Map() }),
    world: {
      ...{ snapshotsOf, childErrorOf: () => undefined, takeOverOf: progress.of },
      contestOf: () => undefined,
      firstFamily: () => 'IPv4',
      clusterWarnings: () => [],
    },
  });
  const { signal } = new AbortController();
  return {
    async hook() {
      for (const operation of childService.reconcile(snapshotsOf())) await applyOperation(api, operation);
    },
    takeOver: () => takeOver(KEY, signal),
    handOver: () => handOver(KEY, signal),
    status: () => status(KEY, signal),
  };
}

const pods: fc.Arbitrary<readonly ModelPod[]> = fc
  .array(fc.record({ isReady: fc.boolean(), passes: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map((given) => [{ isReady: true, passes: true }, ...given])
  .map((given) =>
    given.map(({ isReady, passes }, index) => ({
      pod: aPod({
        name: `web-${index}`,
        ips: [`10.1.0.${index + 1}`],
        isReady,
        containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 80 }] }],
      }),
      passes,
    })),
  );

const OTHERS = ['standard', 'mirror', 'agent', 'probe', 'collect'] as const;
type Other = (typeof OTHERS)[number];

/** One actor's turn; a part of the controller may die with its process after some writes. */
interface Turn {
  readonly actor: Other | Part;
  readonly diesAfter?: number | undefined;
}

const ALL = [...OTHERS, ...PARTS];

/** Rounds in which everybody has a turn, in any order; every life of the controller ends after so many writes, if it ends at all. */
const schedule: fc.Arbitrary<readonly Turn[]> = fc
  .record({
    actors: fc.array(fc.shuffledSubarray(ALL, { minLength: ALL.length }), { maxLength: 20 }),
    diesAfter: fc.constantFrom(0, 1, 1, 1, 2, 3, undefined),
  })
  .map(({ actors, diesAfter }) => actors.flat().map((actor): Turn => ({ actor, diesAfter })));

const ROUND: readonly Turn[] = ALL.map((actor) => ({ actor }));

function rounds(count: number, round: readonly Turn[] = ROUND): readonly Turn[] {
  return Array.from({ length: count }, () => round).flat();
}

/** Nobody waits for his turn as long as others are patient. */
const TURN_MS = 250;

/** Lets the actors act in the order of the schedule, then all in turn until they have come to rest. */
async function play(model: TakeOverModel, turns: readonly Turn[], afterEach: () => void): Promise<void> {
  const clock = new FakeClock();
  let controller = startController(model, clock);
  for (const one of [...turns, ...rounds(25)]) {
    await clock.advance(TURN_MS);
    const { actor, diesAfter } = one;
    if (isOther(actor)) {
      model[actor]();
    } else {
      model.writesLeft = diesAfter;
      const isDead = await controller[actor]().then(() => false, hasDied);
      model.writesLeft = undefined;
      if (isDead) controller = startController(model, clock);
    }
    afterEach();
  }
}

function isOther(actor: Other | Part): actor is Other {
  return OTHERS.some((one) => one === actor);
}

/** A conflict is tried again, a death is what the law is about, everything else is a bug. */
function hasDied(error: unknown): boolean {
  const isConflict = error instanceof Error && 'status' in error && error.status === 409;
  if (!(error instanceof Died || isConflict)) throw error;
  return !isConflict;
}

/** Kubernetes finds both ready, the probes only the first. */
const ONE_OF_TWO: readonly ModelPod[] = [
  { pod: aPod({ name: 'web-1' }), passes: true },
  { pod: aPod({ name: 'web-2', ips: ['10.1.0.2'] }), passes: false },
];

function plainService(): Service {
  const { healthcheck: _, ...spec } = SPEC;
  return storeCreated({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web' },
    spec,
  });
}

describe('a take-over', () => {
  it('never leaves consumers without an endpoint or with two words about one, whenever the controller dies', async () => {
    await fc.assert(
      fc.asyncProperty(pods, schedule, async (given, turns) => {
        const model = new TakeOverModel(given);
        model.put(SERVICES, plainService());
        model.standard();
        const { clusterIP } = model.find(SERVICES)?.spec ?? {};
        model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
        await play(model, turns, () => {
          const { ready, disagreements } = consumersView(model.slices());
          expect(disagreements).toEqual([]);
          expect(ready).not.toEqual([]);
        });
        const service = model.find(SERVICES);
        expect(service?.spec).toMatchObject({ clusterIP });
        expect(service?.spec.selector).toBeUndefined();
        expect(service?.metadata.ownerReferences).toMatchObject([{ name: 'web', controller: true }]);
        expect(model.find(ENDPOINTS)).toBeUndefined();
        expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
        expect(consumersView(model.slices()).ready).toEqual(healthy(given));
        expect(model.find(SERVICES_WITH_HEALTHCHECKS)).toMatchObject({
          status: {
            conditions: expect.arrayContaining([
              expect.objectContaining({ reason: 'ChildServiceWasCreated' }),
            ]),
          },
        });
      }),
      { numRuns: 150 },
    );
  });

  it('dies after each of its writes in turn and is finished by the next', async () => {
    for (let lives = 0; lives < 16; lives += 1) {
      const model = new TakeOverModel(ONE_OF_TWO);
      model.put(SERVICES, plainService());
      model.standard();
      model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
      const dying = PARTS.map((actor): Turn => ({ actor, diesAfter: 1 }));
      const round = [...OTHERS.map((actor): Turn => ({ actor })), ...dying];
      await play(model, rounds(lives, round), () => {
        const { ready, disagreements } = consumersView(model.slices());
        expect(ready).toContain('10.1.0.1');
        expect(disagreements).toEqual([]);
      });
      expect(consumersView(model.slices()).ready).toEqual(['10.1.0.1']);
      expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
      expect(model.find(ENDPOINTS)).toBeUndefined();
    }
  });

  it('removes what a standard controller writes after the Service was claimed', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: true }]);
    model.put(SERVICES, plainService());
    model.standard();
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    let isLate = false;
    await play(model, rounds(10), () => {
      const service = model.find(SERVICES);
      if (isLate || service?.spec.selector !== undefined || service === undefined) return;
      isLate = true;
      // From the informer of a standard controller, which has not heard yet.
      model.put(SERVICES, { ...service, spec: { ...service.spec, selector: { app: 'web' } } });
      model.standard();
      model.put(SERVICES, service);
    });
    expect(isLate).toBe(true);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
    expect(model.find(ENDPOINTS)).toBeUndefined();
  });

  it('removes what a standard controller writes late of a selector that somebody set on the child', async () => {
    const model = new TakeOverModel(ONE_OF_TWO);
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    let [turns, restMs] = [0, 0];
    await play(model, rounds(30), () => {
      const service = model.find(SERVICES);
      turns += 1;
      if (service === undefined || turns < 100) return;
      if (turns === 100) {
        expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
        model.put(SERVICES, { ...service, spec: { ...service.spec, selector: { app: 'web' } } });
      } else if (service.spec.selector === undefined) {
        restMs += TURN_MS;
        // From its informer, long after our controller has looked.
        if (restMs === 2_000) {
          model.standard({ ...service, spec: { ...service.spec, selector: { app: 'web' } } });
        }
      }
    });
    expect(restMs).toBeGreaterThan(2_000);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
    expect(model.find(ENDPOINTS)).toBeUndefined();
  });

  it('waits while no pod passes, and says so', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: false }]);
    model.put(SERVICES, plainService());
    model.standard();
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    await play(model, [], () => expect(consumersView(model.slices()).ready).toEqual(['10.1.0.1']));
    expect(model.find(SERVICES)?.spec.selector).toEqual({ app: 'web' });
    expect(JSON.stringify(model.find(SERVICES_WITH_HEALTHCHECKS))).toContain('no endpoint passes its probes');
  });

  it('goes on with AdoptAlways though no pod passes', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: false }]);
    model.put(SERVICES, plainService());
    model.standard();
    const spec = { ...SPEC, adoptionPolicy: 'AdoptAlways' };
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec }));
    await play(model, [], () => expect(consumersView(model.slices()).disagreements).toEqual([]));
    expect(consumersView(model.slices()).ready).toEqual([]);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
  });
});

describe('giving back', () => {
  it('never leaves consumers without an endpoint or with two words about one, whenever the controller dies', async () => {
    await fc.assert(
      fc.asyncProperty(pods, schedule, async (given, turns) => {
        const model = new TakeOverModel(given);
        const spec = { ...SPEC, deletionPolicy: 'Retain' };
        model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec }));
        await play(model, [], () => {});
        const object = model.find(SERVICES_WITH_HEALTHCHECKS);
        if (object === undefined) throw new Error('the object is gone');
        expect(object.metadata.finalizers).toEqual([HAND_OVER_FINALIZER]);
        const metadata = { ...object.metadata, deletionTimestamp: '2026-01-01T02:00:00Z' };
        model.put(SERVICES_WITH_HEALTHCHECKS, { ...object, metadata });
        await play(model, turns, () => {
          const { ready, disagreements } = consumersView(model.slices());
          expect(disagreements).toEqual([]);
          expect(ready).not.toEqual([]);
        });
        expect(model.find(SERVICES_WITH_HEALTHCHECKS)).toBeUndefined();
        const service = model.find(SERVICES);
        expect(service?.spec.selector).toEqual({ app: 'web' });
        expect(service?.metadata.ownerReferences).toEqual([]);
        expect(service?.metadata.labels).toEqual({});
        expect(managersOf(model)).toEqual(['endpointslice-controller.k8s.io']);
      }),
      { numRuns: 100 },
    );
  });
});

function managersOf(model: TakeOverModel): readonly (string | undefined)[] {
  return [
    ...new Set(
      model.slices().map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by']),
    ),
  ];
}

function healthy(pods: readonly ModelPod[]): readonly string[] {
  return pods.flatMap(({ pod, passes }) => {
    const isServing = pod.status?.containerStatuses?.every(({ ready }) => ready) === true;
    return passes && isServing ? [pod.status?.podIP ?? ''] : [];
  });
}
