import { compareText } from '#lib/core/canonical-json.ts';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { type DesiredEndpoint, endpointKey } from '#lib/core/slice/desired-endpoints.ts';
import type { SliceGroup } from '#lib/core/slice/slice-groups.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/**
 * Slices are filled up to so many endpoints. Every change of one is sent to every consumer with all that the slice holds:
 * with a twelfth of what the EndpointSlice controller puts into one, a change costs a tenth. Fewer still, and what is
 * said once for each slice, as much as two endpoints, would weigh as much as they.
 */
const FILL_UP_TO = 8;

/** What a slice that stands may hold: the EndpointSlice controller's default. Fuller ones are cut down to it. */
const MOST_ENDPOINTS = 100;

/** Which endpoints of a group go where. */
export interface Placement {
  /** Existing slices with what they shall hold; empty: nothing is left for the slice. */
  readonly kept: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly DesiredEndpoint[] }[];
  /** Contents of further slices. */
  readonly added: readonly (readonly DesiredEndpoint[])[];
}

/**
 * Places the endpoints of a group. One that stands in a slice stays there; others go into the fullest slice with
 * room, then into further slices. Nothing is ever moved to even the slices out: every move is a write that all
 * consumers see.
 */
export function placeGroup(group: SliceGroup, slices: readonly EndpointSlice[]): Placement {
  const waiting = new Map(group.endpoints.map((endpoint) => [endpoint.key, endpoint]));
  const contents = slices.map((slice) => ({ slice, endpoints: takeStanding(slice, waiting) }));
  for (const { endpoints } of contents.toSorted(byFullness)) fillUp(endpoints, waiting);
  return { kept: contents, added: chunksOf([...waiting.values()]) };
}

interface Content {
  readonly slice: EndpointSlice;
  /** Grows while the group is placed. */
  readonly endpoints: DesiredEndpoint[];
}

function takeStanding(slice: EndpointSlice, waiting: Map<string, DesiredEndpoint>): DesiredEndpoint[] {
  const standing = endpointsOf(slice)
    .map(endpointKey)
    .toSorted(compareText)
    .flatMap((key) => {
      const endpoint = waiting.get(key);
      waiting.delete(key);
      return endpoint ?? [];
    });
  for (const endpoint of standing.splice(MOST_ENDPOINTS)) waiting.set(endpoint.key, endpoint);
  return standing;
}

function fillUp(endpoints: DesiredEndpoint[], waiting: Map<string, DesiredEndpoint>): void {
  for (const [key, endpoint] of waiting) {
    if (endpoints.length >= FILL_UP_TO) return;
    endpoints.push(endpoint);
    waiting.delete(key);
  }
}

function byFullness(a: Content, b: Content): number {
  return b.endpoints.length - a.endpoints.length || compareText(a.slice.metadata.name, b.slice.metadata.name);
}

function chunksOf(endpoints: readonly DesiredEndpoint[]): readonly (readonly DesiredEndpoint[])[] {
  const count = Math.ceil(endpoints.length / FILL_UP_TO);
  return Array.from({ length: count }, (_, index) =>
    endpoints.slice(index * FILL_UP_TO, (index + 1) * FILL_UP_TO),
  );
}
