import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';
import type { EndpointVerdict, ProbeResults } from '#lib/core/probe/endpoint-verdict.ts';
import type { Probe } from '#lib/core/probe/probe.ts';
import { shortHash } from '#lib/core/short-hash.ts';
import { PROBE_RESULTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { decodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/** Hash of probe definitions with everything in them, in their order. */
export function definitionHash(probes: readonly Probe[]): string {
  return shortHash(probes);
}

/** Results in the annotation of a slice. Undefined when there is none or it is not of our form. */
export function probeResultsOf(slice: EndpointSlice): ProbeResults | undefined {
  return decodeProbeResults(slice.metadata.annotations?.[PROBE_RESULTS_ANNOTATION], endpointsOf(slice));
}

/** A verdict that an earlier process has published. */
export interface RestoredVerdict extends EndpointVerdict {
  /** Probe definitions that it was made by; absent when only the endpoint's conditions speak for it. */
  readonly definition?: string;
}

/**
 * What an agent continues from after a restart: the published verdict of this address of this pod. Where no
 * results are written down, the endpoint's own conditions stand in for them, so that nothing that serves leaves
 * unprobed. Undefined when the endpoint is in none of the slices.
 */
export function restoreVerdict(
  slices: readonly EndpointSlice[],
  podUid: string,
  address: string,
): RestoredVerdict | undefined {
  const found = slices.flatMap((slice) =>
    endpointsOf(slice)
      .filter((one) => isEndpointOf(one, podUid, address))
      .map((endpoint) => ({ slice, endpoint })),
  );
  const written = found.flatMap(({ slice }) => resultOf(slice, podUid) ?? []);
  return written[0] ?? found.map(({ slice, endpoint }) => impliedVerdict(slice, endpoint))[0];
}

function isEndpointOf({ targetRef, addresses }: Endpoint, podUid: string, address: string): boolean {
  const wanted = parseIpAddress(address)?.address;
  return targetRef?.uid === podUid && addresses.some((one) => parseIpAddress(one)?.address === wanted);
}

function resultOf(slice: EndpointSlice, podUid: string): RestoredVerdict | undefined {
  const results = probeResultsOf(slice);
  const pod = Object.values(results?.pods ?? {}).find(({ uid }) => uid === podUid);
  if (results === undefined || pod === undefined) return undefined;
  const { isUp, hasBeenUp, since, failed } = pod;
  return { isUp, hasBeenUp, since, failed, definition: results.definition };
}

/** Absent conditions are read as the API says: serving falls back to ready, ready to true. */
function impliedVerdict(slice: EndpointSlice, { conditions }: Endpoint): RestoredVerdict {
  const isUp = conditions?.serving ?? conditions?.ready ?? true;
  const since = slice.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z';
  return { isUp, hasBeenUp: isUp, since, failed: [] };
}
