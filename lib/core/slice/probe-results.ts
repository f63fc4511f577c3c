import { compareText } from '#lib/core/canonical-json.ts';
import { isRecord, parseJson } from '#lib/core/json.ts';
import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';
import type { EndpointVerdict, FailedProbe, ProbeResults } from '#lib/core/probe/endpoint-verdict.ts';
import type { Probe } from '#lib/core/probe/probe.ts';
import { shortHash } from '#lib/core/short-hash.ts';
import { PROBE_RESULTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/** Hash of probe definitions with everything in them, in their order. */
export function definitionHash(probes: readonly Probe[]): string {
  return shortHash(probes);
}

/** Bytes that an annotation may take; the API server's limit for all of an object is 256 KiB. */
const LARGEST_ANNOTATION = 200 * 1024;

/** How much detail is given up, step by step, until the text fits. */
const DETAILS = [
  { failures: Number.POSITIVE_INFINITY, message: Number.POSITIVE_INFINITY },
  { failures: 10, message: 60 },
  { failures: 2, message: 60 },
] as const;

/**
 * The text of the probe-results annotation: the same for the same results. Messages are cut and failures beyond
 * the first few left out where a full slice would otherwise be too large for the API server.
 */
export function encodeProbeResults(results: ProbeResults): string {
  let text = '';
  for (const detail of DETAILS) {
    text = encodeWith(results, detail);
    if (Buffer.byteLength(text) <= LARGEST_ANNOTATION) break;
  }
  return text;
}

function encodeWith(
  { definition, pods }: ProbeResults,
  detail: { readonly failures: number; readonly message: number },
): string {
  const sorted = Object.entries(pods).toSorted(([a], [b]) => compareText(a, b));
  const short = sorted.map(([name, { uid, isUp, hasBeenUp, since, failed }]) => {
    const shown = failed.slice(0, detail.failures).map(({ index, probe, message }) => ({
      index,
      probe,
      message: message.slice(0, detail.message),
    }));
    return [name, { uid, isUp, hasBeenUp, since, failed: shown }] as const;
  });
  return JSON.stringify({ definition, pods: Object.fromEntries(short) });
}

/** Results in the annotation of a slice. Undefined when there is none or it is not of our form. */
export function probeResultsOf(slice: EndpointSlice): ProbeResults | undefined {
  return decodeProbeResults(slice.metadata.annotations?.[PROBE_RESULTS_ANNOTATION]);
}

/** Reads the text of the annotation. A broken text is nothing known; a broken pod in it is left out. */
export function decodeProbeResults(text: string | undefined): ProbeResults | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || typeof value['definition'] !== 'string' || !isRecord(value['pods']))
    return undefined;
  const pods = Object.entries(value['pods']).flatMap(([name, pod]) => {
    const verdict = decodeVerdict(pod);
    return verdict === undefined ? [] : [[name, verdict] as const];
  });
  return { definition: value['definition'], pods: Object.fromEntries(pods) };
}

function decodeVerdict(value: unknown): ProbeResults['pods'][string] | undefined {
  if (!isRecord(value)) return undefined;
  const { uid, isUp, hasBeenUp, since, failed } = value;
  if (typeof uid !== 'string' || typeof isUp !== 'boolean' || typeof hasBeenUp !== 'boolean')
    return undefined;
  if (typeof since !== 'string' || !Array.isArray(failed) || !failed.every(isFailedProbe)) return undefined;
  return { uid, isUp, hasBeenUp, since, failed };
}

function isFailedProbe(value: unknown): value is FailedProbe {
  return (
    isRecord(value) &&
    Number.isInteger(value['index']) &&
    typeof value['probe'] === 'string' &&
    typeof value['message'] === 'string'
  );
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
