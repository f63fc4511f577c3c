import { compareText } from '#lib/core/canonical-json.ts';
import { isRecord, parseJson } from '#lib/core/json.ts';
import type { Endpoint } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict, FailedProbe, ProbeResults } from '#lib/core/probe/endpoint-verdict.ts';
import { timestamp } from '#lib/core/timestamp.ts';

type PodResult = ProbeResults['pods'][string];

/** Bytes that an annotation may take; the API server's limit for all of an object is 256 KiB. */
const LARGEST_ANNOTATION = 200 * 1024;

/** How much detail is given up, step by step, until the text fits. */
const DETAILS = [
  { failures: Number.POSITIVE_INFINITY, message: Number.POSITIVE_INFINITY },
  { failures: 10, message: 60 },
  { failures: 2, message: 60 },
] as const;

/**
 * The text of the probe-results annotation of a slice with these endpoints: the same for the same results. Every watcher
 * gets it with every change of the slice, so that what the endpoints say already is left out:
 *
 * - `up`: one word for each endpoint that `pods` does not name, in the order of names and uids. It is up, always
 *   was, and nothing fails; the word is for how many seconds after `since` it became so, in base 36. An empty word
 *   repeats the one before, `-` stands for an endpoint without results.
 * - `pods`: all other results by pod name, without what is false, empty, or the uid of the endpoint of that name.
 *
 * Messages are cut and failures beyond the first few left out where a full slice would be too large for the API server.
 */
export function encodeProbeResults(results: ProbeResults, endpoints: readonly Endpoint[] = []): string {
  const { pods, plain } = divide(results, endpoints);
  const since = plain
    .map((pod) => pod?.since ?? '')
    .filter(Boolean)
    .toSorted(compareText)[0];
  const head = {
    definition: results.definition,
    ...(since === undefined ? {} : { since }),
    ...(plain.length === 0 ? {} : { up: wordsOf(plain, since ?? '') }),
  };
  let text = '';
  for (const detail of DETAILS) {
    const named = pods.map(({ name, pod, isImplied }) => [name, shorten(pod, isImplied, detail)] as const);
    text = JSON.stringify({ ...head, pods: Object.fromEntries(named) });
    if (Buffer.byteLength(text) <= LARGEST_ANNOTATION) break;
  }
  return text;
}

interface Divided {
  /** To be written by name, in the order of names; `isImplied`: the endpoint tells the uid. */
  readonly pods: readonly { readonly name: string; readonly pod: PodResult; readonly isImplied: boolean }[];
  /** The results of the other endpoints, in their order; undefined: there are none. */
  readonly plain: readonly (PodResult | undefined)[];
}

function divide({ pods }: ProbeResults, endpoints: readonly Endpoint[]): Divided {
  const sorted = endpoints.toSorted(byPod);
  const plain = new Set(
    sorted.flatMap(({ targetRef }) => {
      const pod = pods[targetRef?.name ?? ''];
      return pod !== undefined && pod.uid === targetRef?.uid && isPlain(pod) ? [pod] : [];
    }),
  );
  const named = Object.entries(pods).filter(([, pod]) => !plain.has(pod));
  const names = new Set(named.map(([name]) => name));
  return {
    pods: named
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([name, pod]) => ({ name, pod, isImplied: uidOf(sorted, name) === pod.uid })),
    plain: sorted
      .filter(({ targetRef }) => !names.has(targetRef?.name ?? ''))
      .map(({ targetRef }) => resultOf(pods, targetRef)),
  };
}

function resultOf(pods: ProbeResults['pods'], targetRef: Endpoint['targetRef']): PodResult | undefined {
  const pod = pods[targetRef?.name ?? ''];
  return pod?.uid === targetRef?.uid ? pod : undefined;
}

function isPlain({ isUp, hasBeenUp, since, failed }: EndpointVerdict): boolean {
  return isUp && hasBeenUp && failed.length === 0 && timestampOf(Date.parse(since)) === since;
}

function wordsOf(plain: Divided['plain'], since: string): string {
  const words = plain.map((pod) => {
    if (pod === undefined) return NONE;
    return ((Date.parse(pod.since) - Date.parse(since)) / 1000).toString(RADIX);
  });
  return words.map((word, index) => (word === words[index - 1] ? '' : word)).join(SEPARATOR);
}

const NONE = '-';
const SEPARATOR = ',';
const RADIX = 36;

function shorten(
  { uid, isUp, hasBeenUp, since, failed }: PodResult,
  isImplied: boolean,
  detail: { readonly failures: number; readonly message: number },
): object {
  const shown = failed.slice(0, detail.failures).map(({ index, probe, message }) => ({
    index,
    probe,
    message: message.slice(0, detail.message),
  }));
  return {
    ...(isImplied ? {} : { uid }),
    ...(isUp ? { isUp } : {}),
    ...(hasBeenUp ? { hasBeenUp } : {}),
    since,
    ...(shown.length === 0 ? {} : { failed: shown }),
  };
}

/**
 * Reads the text of the annotation of a slice with these endpoints. A broken text is nothing known; a broken pod in it is
 * left out, and so is every endpoint that is not named when their number is another than the text was made for.
 */
export function decodeProbeResults(
  text: string | undefined,
  endpoints: readonly Endpoint[] = [],
): ProbeResults | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || typeof value['definition'] !== 'string' || !isRecord(value['pods']))
    return undefined;
  const sorted = endpoints.toSorted(byPod);
  const names = new Set(Object.keys(value['pods']));
  const named = Object.entries(value['pods']).flatMap(([name, pod]) => {
    const result = decodePod(pod, uidOf(sorted, name));
    return result === undefined ? [] : [[name, result] as const];
  });
  const others = sorted.filter(({ targetRef }) => !names.has(targetRef?.name ?? ''));
  const plain = decodePlain(value['up'], value['since'], others);
  return { definition: value['definition'], pods: Object.fromEntries([...named, ...plain]) };
}

function decodePod(value: unknown, impliedUid: string | undefined): PodResult | undefined {
  if (!isRecord(value)) return undefined;
  const { uid = impliedUid, isUp = false, hasBeenUp = false, since, failed = [] } = value;
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

function decodePlain(
  up: unknown,
  since: unknown,
  endpoints: readonly Endpoint[],
): readonly (readonly [string, PodResult])[] {
  const words = typeof up === 'string' ? up.split(SEPARATOR) : [];
  if (typeof since !== 'string' || words.length !== endpoints.length) return [];
  let word = NONE;
  return endpoints.flatMap(({ targetRef }, index) => {
    word = words[index] || word;
    const became = timestampOf(Date.parse(since) + Number.parseInt(word, RADIX) * 1000);
    if (word === NONE || became === undefined) return [];
    const result = { uid: targetRef?.uid ?? '', isUp: true, hasBeenUp: true, since: became, failed: [] };
    return [[targetRef?.name ?? '', result] as const];
  });
}

/** Undefined for what is no time that can be written. */
function timestampOf(timeMs: number): string | undefined {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? undefined : timestamp(date);
}

/** The uid of the endpoint of that pod name; undefined unless there is exactly one. */
function uidOf(endpoints: readonly Endpoint[], name: string): string | undefined {
  const found = endpoints.filter(({ targetRef }) => targetRef?.name === name);
  return found.length === 1 ? found[0]?.targetRef?.uid : undefined;
}

function byPod(a: Endpoint, b: Endpoint): number {
  const [one, other] = [a.targetRef, b.targetRef];
  return compareText(one?.name ?? '', other?.name ?? '') || compareText(one?.uid ?? '', other?.uid ?? '');
}
