import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { decideChildService } from '#lib/core/service/child-service.ts';
import { skipsMirror } from '#lib/core/service/skip-mirror.ts';
import { planTakeOver, type TakeOverStep } from '#lib/core/service/take-over.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { CHILD_SERVICE_READY } from '#lib/core/slice/publication.ts';
import type { Snapshots } from '#lib/hook/hook.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '#lib/kube/resources.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import { deleteAll, readFeeds } from './service-feeds.ts';
import type { TakeOverProgress } from './take-over-progress.ts';

export interface TakeOverReconcilerDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: TakeOverProgress;
  /** `objects` and `services` of the key. */
  snapshotsOf(key: string): Snapshots;
  /** Takes the answer to an own write of a Service. */
  noteWrite(service: KubernetesObject): void;
}

/** Brings the take-over of one object's Service as far as it goes at the moment. */
export type TakeOverReconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/** When to look again at what no informer tells: the verdicts come with our own slices, the label does not. */
const LOOK_AGAIN_MS = { verdicts: 1_000, label: 50 } as const;

/** Steps in one go: more than a take-over has, so that one that repeats itself does not hold the worker. */
const MOST_STEPS = 10;

/**
 * A write of a standard controller that was under way when the Service was claimed arrives later. So a Service whose
 * feeds were not known to be ours alone is looked at again after these times.
 */
const AFTERCARE_MS = [1_000, 5_000, 30_000] as const;

/** What this process remembers, to look less often. Nothing in it is needed to finish. */
interface Memory {
  labelledSinceMs?: number;
  /** Version of the Service that was found to have no other feeds, and how many looks are still to come. */
  verified?: string | undefined;
  looksLeft: number;
}

/** Makes the reconcile function of the take-overs. */
export function createTakeOverReconciler(deps: TakeOverReconcilerDeps): TakeOverReconcile {
  const memories = new Map<string, Memory>();
  return async (key, signal) => {
    const memory = memories.get(key) ?? { looksLeft: 0 };
    memories.set(key, memory);
    for (let count = 0; count < MOST_STEPS; count += 1) {
      const subject = observe(deps, key);
      if (subject === undefined) {
        memories.delete(key);
        deps.progress.forget(key);
        return DONE;
      }
      if (isSettled(subject, memory)) return DONE;
      const step = await planNext(deps, subject, memory, signal);
      if (step.kind === 'done') return settle(deps, key, subject, memory);
      const result = await perform(deps, { key, subject, memory, step }, signal);
      if (result !== undefined) return result;
    }
    return { kind: 'requeueAfter', ms: LOOK_AGAIN_MS.verdicts };
  };
}

interface Subject {
  readonly swh: ServiceWithHealthchecks;
  readonly service: Service | undefined;
}

/** Undefined for an object that is gone, going or rejected. */
function observe({ snapshotsOf }: TakeOverReconcilerDeps, key: string): Subject | undefined {
  const { objects = [], services = [] } = snapshotsOf(key);
  const [object] = objects;
  const parsed = object === undefined ? undefined : parseServiceWithHealthchecks(object);
  if (parsed?.kind !== 'accepted' || parsed.swh.isDeleting) return undefined;
  // The binding asks for this kind only.
  return { swh: parsed.swh, service: services[0] as Service | undefined };
}

/** Whether nothing can have changed since the last look, so that the API server need not be asked. */
function isSettled({ swh, service }: Subject, { verified, looksLeft }: Memory): boolean {
  if (service === undefined || verified === undefined || looksLeft > 0) return false;
  return (
    verified === service.metadata.resourceVersion && decideChildService(swh, service).kind !== 'takeOver'
  );
}

async function planNext(
  { api, clock }: TakeOverReconcilerDeps,
  { swh, service }: Subject,
  memory: Memory,
  signal: AbortSignal,
): Promise<TakeOverStep> {
  if (service !== undefined && skipsMirror(service.metadata)) memory.labelledSinceMs ??= clock.monotonicMs();
  else delete memory.labelledSinceMs;
  // Without a Service, or with somebody else's, there is nothing that the feeds could change.
  const isConcerned = service !== undefined && decideChildService(swh, service).kind !== 'conflict';
  const feeds = isConcerned ? await readFeeds(api, swh.ref, signal) : { slices: [], endpoints: undefined };
  const labelledForMs = clock.monotonicMs() - (memory.labelledSinceMs ?? clock.monotonicMs());
  return planTakeOver({ swh, service, ...feeds, now: clock.now(), labelledForMs });
}

function settle(
  { progress }: TakeOverReconcilerDeps,
  key: string,
  { swh, service }: Subject,
  memory: Memory,
): ReconcileResult {
  const isNew = !swh.observed.conditions.some(
    ({ type, status }) => type === CHILD_SERVICE_READY && status === 'True',
  );
  const version = service?.metadata.resourceVersion;
  // A change may have been a selector that somebody set and the controller has removed since.
  const isChanged = memory.verified !== version && (isNew || memory.verified !== undefined);
  if (isChanged) memory.looksLeft = AFTERCARE_MS.length;
  else memory.looksLeft = Math.max(0, memory.looksLeft - 1);
  memory.verified = version;
  if (isChild(swh, service)) progress.note(key, { kind: 'clear' });
  // What stands there later has to be looked at anew.
  else progress.forget(key);
  const waitMs = AFTERCARE_MS[AFTERCARE_MS.length - memory.looksLeft];
  return waitMs === undefined ? DONE : { kind: 'requeueAfter', ms: waitMs };
}

function isChild(swh: ServiceWithHealthchecks, service: Service | undefined): boolean {
  const { kind } = decideChildService(swh, service);
  return kind === 'inSync' || kind === 'clusterIpImmutable';
}

interface Performance {
  readonly key: string;
  readonly subject: Subject;
  readonly memory: Memory;
  readonly step: Exclude<TakeOverStep, { readonly kind: 'done' }>;
}

/** Performs one step. Undefined: go on at once. */
async function perform(
  { api, logger, noteWrite, progress }: TakeOverReconcilerDeps,
  { key, subject, memory, step }: Performance,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { ref } = subject.swh;
  switch (step.kind) {
    case 'announce':
      progress.note(key, { kind: 'underWay', message: step.message });
      // The status is written by its own part; the object comes back with it.
      return { kind: 'requeueAfter', ms: LOOK_AGAIN_MS.verdicts };
    case 'wait':
      progress.note(key, { kind: 'underWay', message: step.message });
      return { kind: 'requeueAfter', ms: LOOK_AGAIN_MS[step.for] };
    case 'label':
    case 'claim':
      progress.note(key, { kind: 'underWay', message: 'the Service is being claimed' });
      noteWrite(await api.mergePatch(SERVICES, ref, step.patch, { signal }));
      break;
    case 'clear':
      memory.looksLeft = AFTERCARE_MS.length;
      await deleteAll(api, ENDPOINT_SLICES, step.slices, signal);
      await deleteAll(api, ENDPOINTS, step.endpoints === undefined ? [] : [step.endpoints], signal);
  }
  logger.info('take-over step', { key, step: step.kind });
  return undefined;
}
