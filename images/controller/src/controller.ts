import { type EndpointSlice, keyOf, type Node, type Service } from '#lib/core/kubernetes.ts';
import { API_SERVICE_KEY, firstFamilyOf } from '#lib/core/service/first-family.ts';
import type { AdoptionPolicy } from '#lib/core/service-with-healthchecks.ts';
import { type BindingInformers, createBindingInformers } from '#lib/hook/binding-informers.ts';
import type { Hook } from '#lib/hook/hook.ts';
import { createResidentHook } from '#lib/hook/resident-host.ts';
import { createEventRecorder } from '#lib/kube/event-recorder.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { resultOfKubeError } from '#lib/kube/reconcile-error.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { Metrics } from '#lib/runtime/metrics.ts';
import type { Random } from '#lib/runtime/random.ts';
import { type ReconcileLoopDeps, runReconcileLoop } from '#lib/runtime/reconcile-loop.ts';
import { WorkQueue } from '#lib/runtime/work-queue.ts';
import { NODES, OBJECTS, SERVICES, SLICES } from '../../../hooks/bindings.ts';
import { probeSecretAccess, probeSecretWithdrawal } from '../../../hooks/probe-secret-access.ts';
import { HOOKS } from '../../../hooks/registry.ts';
import { createHandOverReconciler } from './changing-hands/hand-over-reconciler.ts';
import { createTakeOverProgress, type TakeOverProgress } from './changing-hands/take-over-progress.ts';
import { createTakeOverReconciler } from './changing-hands/take-over-reconciler.ts';
import { createAddressMemory } from './child-service/address-memory.ts';
import { type ChildErrors, createChildErrors } from './child-service/child-errors.ts';
import { withAdoptionPolicy } from './child-service/default-adoption-policy.ts';
import { patientApi } from './child-service/patient-api.ts';
import { rememberingApi } from './child-service/remembering-api.ts';
import { createServiceContests, type ServiceContests } from './child-service/service-contests.ts';
import { type ClusterFields, createClusterFields } from './cluster-fields.ts';
import { type ControllerMetrics, createControllerMetrics } from './metrics.ts';
import { countNodeEndpoints } from './status/node-endpoints.ts';
import { createStatusReconciler } from './status/status-reconciler.ts';
import { followStatusWorld } from './status/status-world.ts';
import { trimObject } from './trim-object.ts';

export interface ControllerDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Name of this process, for Events. */
  readonly instance: string;
  /** Hands over, piece by piece, what is at a path of the API server that holds no object. */
  scan(path: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void>;
  readonly settings: ControllerSettings;
}

/** What whoever installs the module may choose. */
export interface ControllerSettings {
  /** Holds for objects that name none. */
  readonly adoptionPolicy: AdoptionPolicy;
  /** Whether agents are let to the Secrets that probes name. `false` takes back what was granted before. */
  readonly probeSecretAccess: boolean;
}

/** The controller, without its command line and its servers. */
export interface Controller {
  /** Keeps copies of everything that matters until the signal aborts, whoever leads. */
  follow(signal: AbortSignal): Promise<void>;
  /** Why it could not act if it had to; undefined when it could. */
  unreadyReason(): string | undefined;
  /** Acts until the signal aborts and the work under way has ended. To be called once. */
  lead(signal: AbortSignal): Promise<void>;
}

/** One kind of work, with the keys that wait for it. Keys gather while another controller leads. */
interface Part {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: ReconcileLoopDeps['reconcile'];
}

const STATUS = 'status';
const TAKE_OVER = 'take-over';
const HAND_OVER = 'hand-over';

/** Keys of one part that are worked on at once: so many that those that wait for agents do not hold up the others. */
const WORKERS = 16;

/** Puts the hooks and the statuses together over informers that they share. */
export function createController(ports: ControllerDeps): Controller {
  const addresses = createAddressMemory(ports.clock);
  const contests = createServiceContests(ports.clock);
  const deps = { ...ports, api: rememberingApi(patientApi(ports), addresses, ports.clock) };
  const informers = createBindingInformers(deps, (kind, object) =>
    withAdoptionPolicy(kind, trimObject(kind, object), deps.settings.adoptionPolicy),
  );
  const hooks = hooksFor(deps.settings);
  const queues = new Map(
    [...hooks.map(({ name }) => name), STATUS, TAKE_OVER, HAND_OVER].map((name) => [
      name,
      new WorkQueue(deps),
    ]),
  );
  const depths = new Map([...queues].map(([name, queue]) => [name, () => queue.depth()]));
  const metrics = createControllerMetrics(deps.metrics, {
    depths,
    // The bindings ask for these kinds only.
    nodeEndpoints: () =>
      countNodeEndpoints(
        informers.of(NODES).informer.all() as readonly Node[],
        informers.of(SLICES).informer.all() as readonly EndpointSlice[],
      ),
  });
  const statusQueue = queueOf(queues, STATUS);
  const childErrors = createChildErrors((key) => statusQueue.add(key));
  const takeOvers = createTakeOverProgress((key) => statusQueue.add(key));
  const clusterFields = createClusterFields({
    ...{ logger: deps.logger, scan: ports.scan },
    onFound() {
      for (const object of informers.of(OBJECTS).informer.all()) statusQueue.add(keyOf(object));
    },
  });
  const shared = { deps, informers, childErrors, takeOvers, contests, clusterFields };
  const parts = [
    ...hooks.map((hook) => hookPart(shared, hook, queueOf(queues, hook.name))),
    statusPart(shared, metrics, statusQueue),
    takeOverPart(shared, queueOf(queues, TAKE_OVER)),
    handOverPart(shared, queueOf(queues, HAND_OVER)),
  ];
  informers.of(SERVICES).onChange(({ key, previous, current }) => {
    addresses.note(key, previous, current);
    contests.note(key, previous, current);
  });
  const all = informers.all().map(({ informer }) => informer);
  return {
    async follow(signal) {
      await Promise.all(all.map((informer) => informer.run(signal)));
    },
    unreadyReason: () => (all.every((one) => one.hasSynced()) ? undefined : 'the first lists are under way'),
    async lead(signal) {
      metrics.setLeader(true);
      try {
        await Promise.all(all.map((informer) => informer.whenSynced(signal)));
        const learning = clusterFields.learn(signal);
        await Promise.all([learning, ...parts.map((part) => runPart(deps, metrics, part, signal))]);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        metrics.setLeader(false);
      }
    },
  };
}

function hooksFor({ probeSecretAccess: isGranted }: ControllerSettings): readonly Hook[] {
  if (isGranted) return HOOKS;
  return HOOKS.map((hook) => (hook === probeSecretAccess ? probeSecretWithdrawal : hook));
}

interface Shared {
  readonly deps: ControllerDeps;
  readonly informers: BindingInformers;
  readonly childErrors: ChildErrors;
  readonly takeOvers: TakeOverProgress;
  readonly contests: ServiceContests;
  readonly clusterFields: ClusterFields;
}

function hookPart({ deps, informers, childErrors }: Shared, hook: Hook, queue: WorkQueue): Part {
  const sources = hook.config.kubernetes.map((binding) => [binding.name, informers.of(binding)] as const);
  const resident = createResidentHook({
    hook,
    api: deps.api,
    clock: deps.clock,
    logger: deps.logger,
    sources: Object.fromEntries(sources),
    onOutcome: childErrors.note,
  });
  resident.follow((key) => queue.add(key));
  return { name: hook.name, queue, reconcile: resident.reconcile };
}

function statusPart(
  { deps, informers, childErrors, takeOvers, contests, clusterFields }: Shared,
  metrics: ControllerMetrics,
  queue: WorkQueue,
): Part {
  const { snapshotsOf } = followStatusWorld(informers.of, (key) => queue.add(key));
  const services = informers.of(SERVICES).informer;
  const recorder = createEventRecorder({ ...deps, controller: 'network.deckhouse.io/swh-controller' });
  const reconcile = createStatusReconciler({
    api: deps.api,
    clock: deps.clock,
    metrics,
    world: {
      ...{ snapshotsOf, childErrorOf: childErrors.of, takeOverOf: takeOvers.of },
      contestOf: contests.of,
      clusterWarnings: clusterFields.warnings,
      // The binding asks for this kind only.
      firstFamily: () => firstFamilyOf(services.get(API_SERVICE_KEY) as Service | undefined),
    },
    noteWrite: (object) => informers.of(OBJECTS).noteWrite(object),
    record: (object, event) => recorder.record(object, event),
  });
  return { name: STATUS, queue, reconcile };
}

function takeOverPart({ deps, informers, takeOvers }: Shared, queue: WorkQueue): Part {
  const { snapshotsOf } = followStatusWorld(informers.of, (key) => queue.add(key));
  const reconcile = createTakeOverReconciler({
    ...{ api: deps.api, clock: deps.clock, logger: deps.logger, snapshotsOf, progress: takeOvers },
    noteWrite: (service) => informers.of(SERVICES).noteWrite(service),
  });
  return { name: TAKE_OVER, queue, reconcile };
}

function handOverPart({ deps, informers }: Shared, queue: WorkQueue): Part {
  const { snapshotsOf } = followStatusWorld(informers.of, (key) => queue.add(key));
  return { name: HAND_OVER, queue, reconcile: createHandOverReconciler({ ...deps, snapshotsOf }) };
}

function runPart(
  { clock, logger }: ControllerDeps,
  metrics: ControllerMetrics,
  { name, queue, reconcile }: Part,
  signal: AbortSignal,
): Promise<void> {
  const loop: ReconcileLoopDeps = {
    queue,
    clock,
    logger: logger.with({ queue: name }),
    workers: WORKERS,
    reconcile,
    resultOf(error) {
      const result = resultOfKubeError(error);
      if (result.kind === 'retry') metrics.addApiError(name);
      return result;
    },
    observe: (kind, durationMs) => metrics.observeReconcile(name, kind, durationMs),
  };
  return runReconcileLoop(loop, signal);
}

function queueOf(queues: ReadonlyMap<string, WorkQueue>, name: string): WorkQueue {
  const queue = queues.get(name);
  if (queue === undefined) throw new Error(`bug: no queue ${name}`);
  return queue;
}
