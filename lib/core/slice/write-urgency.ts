import { canonicalJson } from '#lib/core/canonical-json.ts';
import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { endpointKey } from '#lib/core/slice/desired-endpoints.ts';
import { portsKey } from '#lib/core/slice/slice-groups.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/**
 * How long the writes of a plan may wait for others: `atOnce` not at all; `soon` while so much has been written lately
 * that consumers are busy with it; `later` a moment in any case.
 */
export type WriteUrgency = 'atOnce' | 'soon' | 'later';

/**
 * What consumers would miss if the plan waited. `existing`: the slices of the object on the node that the plan was made from.
 *
 * - `later`: nothing. What gets traffic stays the same, as when a pod that is not ready comes or goes.
 * - `soon`: an endpoint beside others that are ready here, or that one which still serves is on its way out.
 * - `atOnce`: everything else, above all an endpoint that has failed, and the first that is ready.
 */
export function writeUrgency(existing: readonly EndpointSlice[], plan: Plan<EndpointSlice>): WriteUrgency {
  const before = [...plan.update.map(({ current }) => current), ...plan.delete];
  const after = [...plan.update.map(({ next }) => next), ...plan.create];
  const [had, has] = [usableIn(before), usableIn(after)];
  const [hadKeys, hasKeys] = [keysOf(had), keysOf(has)];
  const gained = [...has].filter(([word]) => !had.has(word)).map(([, endpoint]) => endpoint);
  const lost = [...hadKeys].filter((key) => !hasKeys.has(key));
  // An endpoint that only leaves a slice beside another has left it because nobody looks there any more.
  if (lost.length === 0 && gained.length === 0) return 'later';
  const ending = new Set(after.flatMap(endpointsOf).filter(isEnding).map(endpointKey));
  const isMissed = lost.some((key) => !ending.has(key));
  const isChanged = gained.some((endpoint) => hadKeys.has(endpointKey(endpoint)));
  const isFirst = !existing.some((slice) => endpointsOf(slice).some(isReady));
  return isMissed || isChanged || isFirst ? 'atOnce' : 'soon';
}

/**
 * The part of the plan that consumers would miss: all but the slices in which what gets traffic stays the same. They may be
 * written afterwards, whatever else is.
 */
export function missedPart(plan: Plan<EndpointSlice>): Plan<EndpointSlice> {
  const changes = (before: readonly EndpointSlice[], after: readonly EndpointSlice[]): boolean => {
    const [had, has] = [usableIn(before), usableIn(after)];
    return had.size !== has.size || [...has.keys()].some((word) => !had.has(word));
  };
  return {
    create: plan.create.filter((slice) => changes([], [slice])),
    update: plan.update.filter(({ current, next }) => changes([current], [next])),
    delete: plan.delete.filter((slice) => changes([slice], [])),
  };
}

function keysOf(usable: ReadonlyMap<string, Endpoint>): ReadonlySet<string> {
  return new Set([...usable.values()].map(endpointKey));
}

/** Everything that consumers learn about the endpoints that may get traffic, one word each. */
function usableIn(slices: readonly EndpointSlice[]): ReadonlyMap<string, Endpoint> {
  return new Map(
    slices.flatMap((slice) => {
      const { labels, ownerReferences } = slice.metadata;
      const { addressType } = slice;
      const common = { labels, ownerReferences, addressType, ports: portsKey(slice.ports ?? []) };
      const usable = endpointsOf(slice).filter((endpoint) => isReady(endpoint));
      return usable.map((endpoint) => [canonicalJson({ ...common, endpoint }), endpoint] as const);
    }),
  );
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

/** Its pod is going, and consumers that have nothing else may still use it. */
function isEnding({ conditions }: Endpoint): boolean {
  return conditions?.terminating === true && conditions.serving !== false;
}
