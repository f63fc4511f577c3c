import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

export interface LostNodeInput {
  /** Slices of the lost node. */
  readonly slices: readonly EndpointSlice[];
  /** Whether the Node object is still there; without it the slices are superfluous sooner or later. */
  readonly nodeExists: boolean;
  /** Whether the object behind the slice has publishNotReadyAddresses; false when it is not known. */
  readonly publishesNotReady: (slice: EndpointSlice) => boolean;
}

/**
 * What the EndpointSlice controller would do for a plain Service when Kubernetes gives a node up: every endpoint on
 * it stops serving, and being ready unless publishNotReadyAddresses says that readiness does not count. Slices of a
 * node whose object is gone are deleted besides, which a careful host may do later than the rest; those of a Service that
 * publishes the unready stay as they are until then, because that controller keeps them as long as their pods. Planning
 * again after applying gives an empty plan.
 */
export function planLostNode({ slices, nodeExists, publishesNotReady }: LostNodeInput): Plan<EndpointSlice> {
  const update = slices.flatMap((slice) => {
    const ready = publishesNotReady(slice);
    if (ready && !nodeExists) return [];
    const endpoints = endpointsOf(slice);
    if (endpoints.every((endpoint) => isLost(endpoint, ready))) return [];
    return [{ current: slice, next: { ...slice, endpoints: endpoints.map((one) => lost(one, ready)) } }];
  });
  return { create: [], update, delete: nodeExists ? [] : slices };
}

function isLost({ conditions, hints }: Endpoint, ready: boolean): boolean {
  const isSaid = conditions?.serving === false && conditions.terminating !== undefined;
  return isSaid && conditions.ready === ready && (ready || hints === undefined);
}

/** Hints go with readiness, as everywhere: see `endpointHints`. */
function lost({ hints, ...endpoint }: Endpoint, ready: boolean): Endpoint {
  const terminating = endpoint.conditions?.terminating ?? false;
  const kept = ready && hints !== undefined ? { hints } : {};
  return { ...endpoint, ...kept, conditions: { ready, serving: false, terminating } };
}
