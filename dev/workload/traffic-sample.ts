/** What one request of a client found. Lines of the traffic client's output are samples in JSON. */
export interface TrafficSample {
  /** Name of the stream that the request belongs to. */
  readonly stream: string;
  /** When the request began, milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly latencyMs: number;
  readonly result: TrafficResult;
}

/**
 * `answered`: by the pod named or addressed so. `wrong`: a write reached a database that is a replica, so the
 * endpoint should not have been there. `failed`: nobody answered as asked.
 */
export type TrafficResult =
  | { readonly kind: 'answered'; readonly by: string }
  | { readonly kind: 'wrong'; readonly by: string; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** `http-hold`: one connection that has to carry an answer until the deadline. */
export type TrafficKind = 'http' | 'http-hold' | 'smtp' | 'postgresql-read' | 'postgresql-write';

/** A flow of requests at a steady rate, each on a connection of its own. */
export interface TrafficStream {
  readonly name: string;
  readonly kind: TrafficKind;
  /** Where to connect: a cluster IP or any other address. */
  readonly address: string;
  readonly port: number;
  readonly ratePerSecond: number;
  /** The stream ends after so many requests; absent: it goes on until stopped. */
  readonly count?: number;
  /** Deadline of one request; how long one of kind `http-hold` lasts. */
  readonly timeoutMs: number;
}

const KINDS: ReadonlySet<string> = new Set([
  'http',
  'http-hold',
  'smtp',
  'postgresql-read',
  'postgresql-write',
]);

/** Reads the streams that the client was asked for. Throws when the text is not a list of streams. */
export function parseStreams(text: string): readonly TrafficStream[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every(isStream)) {
    throw new Error(
      'traffic streams must be a JSON list of streams with name, kind, address, port, rate and timeout',
    );
  }
  return value;
}

function isStream(value: unknown): value is TrafficStream {
  // The border: JSON of unknown shape, looked at field by field.
  const stream = value as Partial<TrafficStream> | null;
  return (
    typeof stream?.name === 'string' &&
    typeof stream.kind === 'string' &&
    KINDS.has(stream.kind) &&
    typeof stream.address === 'string' &&
    [stream.port, stream.ratePerSecond, stream.timeoutMs].every((number) => typeof number === 'number')
  );
}

/** Reads one line of the client's output; undefined when it is not a sample. */
export function parseSample(line: string): TrafficSample | undefined {
  if (!line.startsWith('{"stream"')) {
    return undefined;
  }
  // The border: lines with this start are written by traffic-client.ts only, from a TrafficSample.
  return JSON.parse(line) as TrafficSample;
}
