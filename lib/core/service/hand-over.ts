import { setCondition } from '#lib/core/conditions.ts';
import type { Condition, Endpoint, EndpointSlice, ObjectRef, Service } from '#lib/core/kubernetes.ts';
import type { ChildServicePatch } from '#lib/core/service/child-service.ts';
import { controllerOf, pointsAt, releasedMetadata } from '#lib/core/service/child-service-metadata.ts';
import { undoSkipMirror } from '#lib/core/service/skip-mirror.ts';
import { readyEndpoints } from '#lib/core/service/take-over-gate.ts';
import {
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
  STANDARD_MANAGER,
} from '#lib/core/slice/endpoint-slice-metadata.ts';
import {
  CHILD_SERVICE_HANDED_OVER,
  CHILD_SERVICE_HANDING_OVER,
  CHILD_SERVICE_READY,
} from '#lib/core/slice/publication.ts';
import { endpointsOf, isSliceOf } from '#lib/core/slice/slice-ownership.ts';
import { timestamp } from '#lib/core/timestamp.ts';

/** On an object whose deletion has to wait until its Service has been given back. */
export const HAND_OVER_FINALIZER = 'network.deckhouse.io/hand-over-service';

/** Everything that giving a Service back depends on, as the API shows it. */
export interface HandOverWorld {
  /** The object, of which even a rejected spec tells the selector. */
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly conditions: readonly Condition[];
  /** The Service and all slices of the object's name. */
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[];
  readonly now: Date;
}

export type HandOverStep =
  /** Write this reason of ChildServiceReady into the status: agents act on it. */
  | { readonly kind: 'announce'; readonly reason: HandOverReason; readonly message: string }
  | { readonly kind: 'wait'; readonly message: string }
  /** Merge patch of the Service. */
  | { readonly kind: 'release'; readonly patch: ChildServicePatch }
  | { readonly kind: 'withdraw'; readonly slices: readonly EndpointSlice[] }
  /** Nothing of ours is left; the object may go. */
  | { readonly kind: 'finish' };

type Announcement = Extract<HandOverStep, { readonly kind: 'announce' }>;

export type HandOverReason = typeof CHILD_SERVICE_HANDING_OVER | typeof CHILD_SERVICE_HANDED_OVER;

/** An agent that is silent for so long does not answer: its endpoints are overtaken by events. */
const AGENT_PATIENCE_MS = 5_000;
/** A standard controller that is silent for so long does not run, or will never find these pods ready. */
const STANDARD_PATIENCE_MS = 60_000;

/**
 * The next step towards a Service that only the standard controllers feed, from what the API shows and nothing else:
 *
 * 1. `announce` that it is being handed over: agents leave in their slices only what the standard controllers will say too;
 * 2. `release` the Service: selector set, our owner reference and bookkeeping gone;
 * 3. `wait` until the standard slices show every endpoint that ours show as ready;
 * 4. `announce` that it is handed over, `withdraw` our slices, `finish`.
 */
export function planHandOver(world: HandOverWorld): HandOverStep {
  const child = world.conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  const own = world.slices.filter((slice) => isSliceOf(slice, world));
  const { service } = world;
  if (service !== undefined && isOurs(world)) return giveBack(world, { service, own, child });
  const unmarked = unmarkPatch(service);
  if (unmarked !== undefined) return { kind: 'release', patch: unmarked };
  if (child?.reason === CHILD_SERVICE_HANDED_OVER) {
    return own.length > 0 ? { kind: 'withdraw', slices: own } : { kind: 'finish' };
  }
  const elapsedMs = elapsed(child, world.now);
  const isUnderWay = child?.reason === CHILD_SERVICE_HANDING_OVER && service !== undefined;
  const missing = isUnderWay ? missingIn(standardSlices(world), own) : [];
  if (missing.length > 0 && elapsedMs < STANDARD_PATIENCE_MS) {
    return { kind: 'wait', message: `waiting for the standard slices to show ${missing.join(', ')}` };
  }
  return HANDED_OVER;
}

interface OurService {
  readonly service: Service;
  readonly own: readonly EndpointSlice[];
  readonly child: Condition | undefined;
}

function giveBack(world: HandOverWorld, { service, own, child }: OurService): HandOverStep {
  if (child?.reason !== CHILD_SERVICE_HANDING_OVER) return HANDING_OVER;
  if (elapsed(child, world.now) < AGENT_PATIENCE_MS && !own.every(showsReadyOnly)) {
    return { kind: 'wait', message: 'waiting for agents to leave out what is not ready' };
  }
  return { kind: 'release', patch: releasePatch(world, service) };
}

const HANDING_OVER: Announcement = {
  kind: 'announce',
  reason: CHILD_SERVICE_HANDING_OVER,
  message: 'the Service is being given back to the standard controllers',
};
const HANDED_OVER: Announcement = {
  kind: 'announce',
  reason: CHILD_SERVICE_HANDED_OVER,
  message: 'the Service is kept by the standard controllers',
};

/**
 * The conditions with ChildServiceReady at a step of the hand-over. How long agents and standard controllers have had is
 * measured from its transition time, so that is `now` whatever the status was before.
 */
export function announcedConditions(
  conditions: readonly Condition[],
  { reason, generation }: { readonly reason: HandOverReason; readonly generation: number },
  now: Date,
): readonly Condition[] {
  const { message } = reason === CHILD_SERVICE_HANDING_OVER ? HANDING_OVER : HANDED_OVER;
  const observed = { status: 'False', observedGeneration: generation, reason, message } as const;
  return setCondition(conditions, { type: CHILD_SERVICE_READY, ...observed }, now).map((condition) =>
    condition.type === CHILD_SERVICE_READY ? { ...condition, lastTransitionTime: timestamp(now) } : condition,
  );
}

function isOurs({ service, ref }: HandOverWorld): boolean {
  const controller = service === undefined ? undefined : controllerOf(service.metadata);
  return controller !== undefined && pointsAt(controller, ref.name);
}

/** Conditional on the version: a drift repair or a change of the user in between is taken into account first. */
function releasePatch({ selector }: HandOverWorld, { metadata }: Service): ChildServicePatch {
  const { labels, annotations, ownerReferences } = releasedMetadata(metadata);
  return {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      labels,
      annotations,
      ownerReferences,
    },
    spec: { selector },
  };
}

/** A take-over that was under way has marked the Service, and goes no further. */
function unmarkPatch(service: Service | undefined): ChildServicePatch | undefined {
  const undone = service && undoSkipMirror(service.metadata);
  if (service === undefined || undone === undefined) return undefined;
  return { metadata: { resourceVersion: service.metadata.resourceVersion, ...undone } };
}

function showsReadyOnly(slice: EndpointSlice): boolean {
  return endpointsOf(slice).every(({ conditions }) => conditions?.ready === true);
}

function standardSlices({ slices, ref }: HandOverWorld): readonly EndpointSlice[] {
  return slices.filter(
    ({ metadata: { labels } }) =>
      labels?.[SERVICE_NAME_LABEL] === ref.name && labels[MANAGED_BY_LABEL] === STANDARD_MANAGER,
  );
}

/** Pods that ours show as ready and the standard slices do not. */
function missingIn(standard: readonly EndpointSlice[], own: readonly EndpointSlice[]): readonly string[] {
  const shown = new Set(readyEndpoints(standard).map(keyOf));
  return readyEndpoints(own)
    .filter((endpoint) => !shown.has(keyOf(endpoint)))
    .map(({ targetRef, addresses }) => targetRef?.name ?? addresses[0] ?? '');
}

function keyOf({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''}/${addresses[0] ?? ''}`;
}

function elapsed(child: Condition | undefined, now: Date): number {
  return child === undefined ? 0 : now.getTime() - Date.parse(child.lastTransitionTime);
}
