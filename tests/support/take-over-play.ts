import fc from 'fast-check';
import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { applyOperation } from '#lib/hook/apply-operation.ts';
import { SERVICES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { childService } from '../../hooks/child-service.ts';
import { createHandOverReconciler } from '../../images/controller/src/changing-hands/hand-over-reconciler.ts';
import { createTakeOverProgress } from '../../images/controller/src/changing-hands/take-over-progress.ts';
import { createTakeOverReconciler } from '../../images/controller/src/changing-hands/take-over-reconciler.ts';
import { createControllerMetrics } from '../../images/controller/src/metrics.ts';
import { createStatusReconciler } from '../../images/controller/src/status/status-reconciler.ts';
import { aPod } from './builders.ts';
import { FakeClock } from './fake-clock.ts';
import { storeCreated } from './service-defaulting.ts';
import { silentLogger } from './silent-logger.ts';
import { Died, type ModelPod, type TakeOverModel } from './take-over-model.ts';

const KEY = 'default/web';
/** An object whose pods are probed, and but for that a Service. */
export const SPEC = {
  selector: { app: 'web' },
  ports: [{ name: 'http', port: 80 }],
  healthcheck: { periodSeconds: 1, probes: [{ mode: 'TCP', tcp: { targetPort: 80 } }] },
};

/** The parts of the controller. */
export const PARTS = ['hook', 'takeOver', 'handOver', 'status'] as const;
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

/** Pods of which one is ready and passes. */
export const somePods: fc.Arbitrary<readonly ModelPod[]> = fc
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

/** Everybody else. */
export const OTHERS = ['standard', 'mirror', 'agent', 'probe', 'collect'] as const;
type Other = (typeof OTHERS)[number];

/** One actor's turn; a part of the controller may die with its process after some writes. */
export interface Turn {
  readonly actor: Other | Part;
  readonly diesAfter?: number | undefined;
}

const ALL = [...OTHERS, ...PARTS];

/** Rounds in which everybody has a turn, in any order; every life of the controller ends after so many writes, if it ends at all. */
export const schedule: fc.Arbitrary<readonly Turn[]> = fc
  .record({
    actors: fc.array(fc.shuffledSubarray(ALL, { minLength: ALL.length }), { maxLength: 20 }),
    diesAfter: fc.constantFrom(0, 1, 1, 1, 2, 3, undefined),
  })
  .map(({ actors, diesAfter }) => actors.flat().map((actor): Turn => ({ actor, diesAfter })));

const ROUND: readonly Turn[] = ALL.map((actor) => ({ actor }));

/** Everybody in turn, so many times. */
export function rounds(count: number, round: readonly Turn[] = ROUND): readonly Turn[] {
  return Array.from({ length: count }, () => round).flat();
}

/** Nobody waits for his turn as long as others are patient. */
export const TURN_MS = 250;

/** Lets the actors act in the order of the schedule, then all in turn until they have come to rest. */
export async function play(
  model: TakeOverModel,
  turns: readonly Turn[],
  afterEach: () => void,
  rest: readonly Turn[] = rounds(25),
): Promise<void> {
  const clock = new FakeClock();
  let controller = startController(model, clock);
  for (const one of [...turns, ...rest]) {
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
export const ONE_OF_TWO: readonly ModelPod[] = [
  { pod: aPod({ name: 'web-1' }), passes: true },
  { pod: aPod({ name: 'web-2', ips: ['10.1.0.2'] }), passes: false },
];

/** The Service of a user, as the API server has stored it. */
export function plainService(metadata: Partial<Service['metadata']> = {}): Service {
  const { healthcheck: _, ...spec } = SPEC;
  return storeCreated({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web', ...metadata },
    spec,
  });
}
