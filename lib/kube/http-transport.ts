import http, { type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Clock } from '#lib/runtime/clock.ts';
import { KubeApiError, type KubeFailure } from './kube-error.ts';
import { LineSplitter } from './line-splitter.ts';
import { RequestGuard } from './request-guard.ts';

/** Where the API server is and how to prove who we are. */
export interface ApiServer {
  readonly url: URL;
  /**
   * TLS settings and headers for one request. Asked for each request, because tokens and certificates are
   * rotated while the program runs.
   */
  credentials(): Promise<https.RequestOptions>;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  /** Method and object in words, for error messages. */
  readonly what: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Limits of one streamed answer, in milliseconds. */
export interface StreamLimits {
  /** Longest time without a byte. */
  readonly silenceMs: number;
  /** Longest time altogether. */
  readonly totalMs: number;
}

/** Takes a streamed answer. What a method throws ends the stream. */
export interface StreamReader {
  /** The server has begun its answer. */
  readonly onOpen?: (() => void) | undefined;
  readonly onLine: (line: string) => void;
}

/** How long an ordinary request may take, answer included. */
const DEADLINE_MS = 30_000;
/** etcd refuses objects above 1.5 MiB; an event holds one object, expanded by JSON escapes at most. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_BODY_BYTES = 128 * 1024 * 1024;
const MAX_ERROR_TEXT = 2_000;
/** With the ten probes a second apart that libuv sets, a dead peer of a quiet watch is noticed after 20 s. */
const TCP_KEEP_ALIVE_MS = 10_000;
/** Few: when the machine of an API server dies without a word, each writer that takes an idle one waits a whole deadline. */
const MOST_IDLE_CONNECTIONS = 2;
const JSON_TYPE = 'application/json';

/** HTTP/1.1 to one API server over kept connections. Every failure is a `KubeApiError`. */
export class HttpTransport {
  readonly #server: ApiServer;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #agent: http.Agent;
  readonly #request: typeof https.request;

  constructor(server: ApiServer, userAgent: string, clock: Clock) {
    this.#server = server;
    this.#userAgent = userAgent;
    this.#clock = clock;
    const secure = server.url.protocol === 'https:';
    const settings = {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEP_ALIVE_MS,
      maxFreeSockets: MOST_IDLE_CONNECTIONS,
    };
    this.#agent = secure ? new https.Agent(settings) : new http.Agent(settings);
    this.#request = secure ? https.request : http.request;
  }

  /** Sends and returns the JSON of the answer. */
  async send(request: ApiRequest): Promise<unknown> {
    return this.#answer(request, async (response) => parseJson(await readText(response)));
  }

  /** Sends and hands the answer over piece by piece: a document that is too large to be kept as a whole. */
  async scan(request: ApiRequest, onChunk: (chunk: Buffer) => void): Promise<void> {
    return this.#answer(request, async (response) => {
      for await (const chunk of response) onChunk(chunk);
    });
  }

  async #answer<T>(request: ApiRequest, read: (response: IncomingMessage) => Promise<T>): Promise<T> {
    const guard = new RequestGuard(this.#clock, request.what, request.signal);
    guard.allow(DEADLINE_MS);
    try {
      const response = await this.#open(request, guard.signal);
      return await read(response);
    } catch (error) {
      throw asKubeApiError(error, request.what, guard.signal);
    } finally {
      guard.release();
    }
  }

  /** Resolves when the server ends the answer. */
  async stream(request: ApiRequest, limits: StreamLimits, reader: StreamReader): Promise<void> {
    const guard = new RequestGuard(this.#clock, request.what, request.signal);
    const endMs = this.#clock.monotonicMs() + limits.totalMs;
    const allow = (ms: number) => guard.allow(Math.max(0, Math.min(ms, endMs - this.#clock.monotonicMs())));
    allow(DEADLINE_MS);
    try {
      const response = await this.#open(request, guard.signal);
      const lines = new LineSplitter(MAX_LINE_BYTES, reader.onLine);
      reader.onOpen?.();
      allow(limits.silenceMs);
      for await (const chunk of response) {
        allow(limits.silenceMs);
        lines.push(chunk);
      }
      lines.end();
    } catch (error) {
      throw asKubeApiError(error, request.what, guard.signal);
    } finally {
      guard.release();
    }
  }

  /** Closes all connections, those in use too. */
  close(): void {
    this.#agent.destroy();
  }

  async #open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const options = await this.#optionsOf(request, body);
    signal.throwIfAborted();
    let answer: Answer = await this.#exchange(options, body, signal);
    // The server may close a kept connection in the very moment it is used again. Reading twice does no harm.
    // Over a new connection: another kept one may have ended like this one.
    if (answer instanceof StaleConnection && request.method === 'GET') {
      answer = await this.#exchange({ ...options, agent: false }, body, signal);
    }
    if (answer instanceof StaleConnection) throw answer.error;
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) throw await failureOf(answer, status, request.what);
    return answer;
  }

  async #optionsOf(request: ApiRequest, body: string | undefined): Promise<RequestOptions> {
    const { method, path, what, contentType } = request;
    const { url } = this.#server;
    const credentials = await this.#server.credentials().catch((error: unknown) => {
      throw new KubeApiError(`${what}: cannot get credentials`, { status: 0, reason: 'Credentials' }, error);
    });
    const prefix = url.pathname.replace(/\/$/, '');
    return {
      ...credentials,
      agent: this.#agent,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method,
      path: prefix + path,
      headers: {
        ...credentials.headers,
        ...(body === undefined ? {} : contentHeaders(body, contentType)),
        Accept: JSON_TYPE,
        'User-Agent': this.#userAgent,
      },
    };
  }

  #exchange(options: RequestOptions, body: string | undefined, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(options, resolve);
      const abort = () => request.destroy(asError(signal.reason));
      signal.addEventListener('abort', abort, { once: true });
      request.once('close', () => signal.removeEventListener('abort', abort));
      // Stays for the whole life: a late error without a listener would end the process.
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (stale) resolve(new StaleConnection(error));
        else reject(error);
      });
      request.end(body);
    });
  }
}

type Answer = IncomingMessage | StaleConnection;

/** A kept connection that turned out to be closed before an answer came. */
class StaleConnection {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

/** The length is given because Node frames the body of a DELETE in no other way: it would be lost. */
function contentHeaders(body: string, contentType = JSON_TYPE): OutgoingHttpHeaders {
  return { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RangeError(`answer longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error('answer is not JSON', { cause });
  }
}

async function failureOf(response: IncomingMessage, status: number, what: string): Promise<KubeApiError> {
  const text = await readText(response);
  const failure = failureFromStatus(text, status);
  const retryAfter = Number(response.headers['retry-after']);
  return new KubeApiError(`${what}: ${status} ${failure.message.slice(0, MAX_ERROR_TEXT)}`, {
    ...failure,
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1000 } : {}),
  });
}

/** Reads a Status object; `status` stands in where a proxy answered with something else. */
export function failureFromStatus(text: string, status: number): KubeFailure & { readonly message: string } {
  const body = readStatus(text);
  const causes = body?.details?.causes?.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return {
    status: body?.code ?? status,
    reason: body?.reason ?? '',
    message: body?.message ?? http.STATUS_CODES[status] ?? '',
    ...(causes === undefined ? {} : { causes }),
  };
}

interface StatusBody {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string }[] };
}

function readStatus(text: string): StatusBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    // A border: whatever claims to be a Status has its fields, and all of them are optional.
    return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status'
      ? (body as StatusBody)
      : undefined;
  } catch {
    return undefined;
  }
}

function asKubeApiError(error: unknown, what: string, signal: AbortSignal): KubeApiError {
  if (signal.aborted && signal.reason instanceof KubeApiError) return signal.reason;
  if (error instanceof KubeApiError) return error;
  const cause: NodeJS.ErrnoException = asError(error);
  const reason = cause.code ?? cause.name;
  return new KubeApiError(`${what}: ${cause.message}`, { status: 0, reason }, cause);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
