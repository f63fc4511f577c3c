import { lostFields } from '#lib/api/lost-fields.ts';
import { type ParseResult, parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { EndpointSlice, IpFamily, KubernetesObject, ObjectRef, Service } from '#lib/core/kubernetes.ts';
import { refOf } from '#lib/core/kubernetes.ts';
import { decideChildService } from '#lib/core/service/child-service.ts';
import type { Violation } from '#lib/core/service-with-healthchecks.ts';
import {
  CHILD_SERVICE_ADOPTING,
  CHILD_SERVICE_CONFLICT,
  CHILD_SERVICE_HANDED_OVER,
  CHILD_SERVICE_HANDING_OVER,
} from '#lib/core/slice/publication.ts';
import { isSliceOf } from '#lib/core/slice/slice-ownership.ts';
import type { Snapshots } from '#lib/hook/hook.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import type { TakeOverState } from '../changing-hands/take-over-progress.ts';
import { CONTEST_MS, type Contest } from '../child-service/service-contests.ts';
import type { ControllerMetrics } from '../metrics.ts';
import { eventsBetween, type StatusEvent } from './endpoint-events.ts';
import { CHILD_SERVICE_CONTESTED, CHILD_SERVICE_READY, type Status } from './status.ts';
import { aggregateStatus, type StatusInput, statusPatch } from './status-aggregator.ts';
import type { ChildState } from './status-conditions.ts';

/** The objects that one status is made of, by binding. */
export interface StatusWorld {
  /** `objects`, `services` and `slices` of the key. */
  snapshotsOf(key: string): Snapshots;
  /** Why the last write of the child Service failed; undefined when it did not. */
  childErrorOf(key: string): string | undefined;
  takeOverOf(key: string): TakeOverState;
  /** What is to be said of every object. */
  clusterWarnings(): readonly Violation[];
  /** See `firstFamilyOf` in the core. */
  firstFamily(): IpFamily | undefined;
  /** The contest of the child of the object with that uid; undefined when there was none lately. */
  contestOf(key: string, uid: string): Contest | undefined;
}

export interface StatusReconcilerDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly world: StatusWorld;
  readonly metrics: ControllerMetrics;
  /** Takes the answer to an own write. */
  noteWrite(object: KubernetesObject): void;
  /** Records an event about an object. Must not throw. */
  record(object: KubernetesObject, event: StatusEvent): void;
}

/** Writes the status of one object at a time, if it is not what it should be. */
export type StatusReconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>;

/**
 * While only endpoints come and go, one write in so many milliseconds: many agents speak at once when an object
 * is new or a deployment rolls, and every write goes to all of them. Conditions are never held back.
 */
const SETTLE_MS = 500;

/** How long a first status waits for the child Service, so that one write tells both. */
const CHILD_UNDER_WAY_MS = 1000;

/** Makes the reconcile function of the statuses. */
export function createStatusReconciler(deps: StatusReconcilerDeps): StatusReconcile {
  const writtenMs = new Map<string, number>();
  return async (key, signal) => {
    const input = observe(deps, key);
    if (input === undefined) {
      writtenMs.delete(key);
      deps.metrics.removeObject(refOf(key));
      return DONE;
    }
    if (isChildUnderWay(input)) return { kind: 'requeueAfter', ms: CHILD_UNDER_WAY_MS };
    const next = aggregateStatus(input);
    deps.metrics.setStatus(refOf(key), next);
    const patch = statusPatch(input.previous, next);
    if (patch === undefined) return afterwards(next);
    const waitMs = SETTLE_MS - (deps.clock.monotonicMs() - (writtenMs.get(key) ?? Number.NEGATIVE_INFINITY));
    if (waitMs > 0 && !hasConditionMoved(input.previous, next)) return { kind: 'requeueAfter', ms: waitMs };
    await write(deps, input.object, patch, signal);
    writtenMs.set(key, deps.clock.monotonicMs());
    for (const event of eventsBetween(input.previous, next)) deps.record(input.object, event);
    return afterwards(next);
  };
}

/** Nothing tells that a contest is long ago. */
function afterwards({ conditions = [] }: Status): ReconcileResult {
  const isContested = conditions.some(({ type }) => type === CHILD_SERVICE_CONTESTED);
  return isContested ? { kind: 'requeueAfter', ms: CONTEST_MS } : DONE;
}

interface Observed extends StatusInput {
  readonly object: KubernetesObject;
}

/** Undefined for an object that is gone or going: nobody reads its status any more. */
function observe({ world, clock }: StatusReconcilerDeps, key: string): Observed | undefined {
  const { objects = [], services = [], slices = [] } = world.snapshotsOf(key);
  const object = objects.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (object === undefined) return undefined;
  // The bindings ask for these kinds only.
  const service = services[0] as Service | undefined;
  const own = (slices as readonly EndpointSlice[]).filter((slice) => isSliceOf(slice, identityOf(object)));
  return {
    object,
    generation: object.metadata.generation ?? 0,
    parsed: parsedWith(parseServiceWithHealthchecks(object), service, {
      error: world.childErrorOf(key),
      takeOver: world.takeOverOf(key),
      firstFamily: world.firstFamily(),
      contest: world.contestOf(key, object.metadata.uid ?? ''),
      clusterWarnings: world.clusterWarnings(),
    }),
    lostFields: lostFields(object.metadata.annotations ?? {}),
    slices: own,
    ...(service === undefined ? {} : { service }),
    previous: previousStatus(object),
    now: clock.now(),
  };
}

interface WorldFacts {
  readonly error: string | undefined;
  readonly takeOver: TakeOverState;
  readonly firstFamily: IpFamily | undefined;
  readonly contest: Contest | undefined;
  readonly clusterWarnings: readonly Violation[];
}

function parsedWith(
  result: ParseResult,
  service: Service | undefined,
  { error, takeOver, firstFamily, contest, clusterWarnings }: WorldFacts,
): StatusInput['parsed'] {
  if (result.kind === 'rejected') return result;
  const { conditions } = result.swh.observed;
  const before = conditions.find(({ type }) => type === CHILD_SERVICE_READY)?.reason;
  const child: ChildState = {
    decision: decideChildService(result.swh, service, firstFamily),
    ...(before === undefined || UNPROVEN.includes(before) ? { takeOver } : {}),
    ...(error === undefined ? {} : { error }),
    ...(contest === undefined ? {} : { contest }),
  };
  return { ...result, warnings: [...result.warnings, ...clusterWarnings], child };
}

/** After these the feeds of the Service have to be looked at before agents may publish everything. */
const UNPROVEN: readonly string[] = [
  CHILD_SERVICE_ADOPTING,
  CHILD_SERVICE_CONFLICT,
  CHILD_SERVICE_HANDED_OVER,
  CHILD_SERVICE_HANDING_OVER,
];

function isChildUnderWay({ parsed, previous }: StatusInput): boolean {
  if (parsed.kind === 'rejected') return false;
  const isKnown = (previous.conditions ?? []).some(({ type }) => type === CHILD_SERVICE_READY);
  const { decision, error, takeOver } = parsed.child;
  const isUnderWay =
    decision.kind === 'create' || (IS_LOOKED_AT.includes(decision.kind) && takeOver?.kind === 'unknown');
  return isUnderWay && error === undefined && !isKnown;
}

/** Decisions about a Service whose other feeds matter. */
const IS_LOOKED_AT: readonly string[] = ['inSync', 'update', 'takeOver'];

function hasConditionMoved({ conditions: before = [] }: Status, { conditions: after = [] }: Status): boolean {
  const outline = (list: typeof before) =>
    list.map(({ type, status, reason, observedGeneration }) => [type, status, reason, observedGeneration]);
  return JSON.stringify(outline(before)) !== JSON.stringify(outline(after));
}

async function write(
  { api, metrics, noteWrite }: StatusReconcilerDeps,
  object: KubernetesObject,
  status: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, resourceVersion } = object.metadata;
  // Conditional: a transition time is right only if it was made from the latest status.
  const body = { metadata: { resourceVersion }, status };
  const ref: ObjectRef = { namespace, name };
  const written = await api.mergePatch(SERVICES_WITH_HEALTHCHECKS, ref, body, {
    subresource: 'status',
    signal,
  });
  metrics.addStatusWrite();
  noteWrite(written);
}

function identityOf({ metadata }: KubernetesObject): Parameters<typeof isSliceOf>[1] {
  return { ref: { namespace: metadata.namespace ?? '', name: metadata.name }, uid: metadata.uid ?? '' };
}

function previousStatus(object: KubernetesObject): Status {
  const status: unknown = 'status' in object ? object.status : undefined;
  // The controller is the only writer and the API server keeps the schema.
  return typeof status === 'object' && status !== null ? (status as Status) : {};
}
