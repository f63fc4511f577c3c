import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiAccess } from './kubeconfig.ts';

/** An answer other than 2xx. */
export class ApiError extends Error {
  readonly code = 'API_ERROR';
  readonly status: number;

  constructor(what: string, status: number, message: string) {
    super(`${what}: ${status} ${message}`);
    this.status = status;
  }
}

/** One line of a watch. */
export interface ApiEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const requestTimeoutMs = 15_000;

const TOO_BUSY = 429;
const BUSY_PAUSE_MS = 200;

/**
 * The API server by path, as an administrator's tool and as kubelets need it. It stands apart from `lib/kube`
 * on purpose: what checks the product does not lean on the product.
 */
export class ApiClient {
  readonly #access: ApiAccess;
  readonly #agent: Agent;

  constructor(access: ApiAccess) {
    this.#access = access;
    this.#agent = new Agent({ ca: access.ca, keepAlive: true, maxSockets: 64 });
  }

  get<T>(path: string): Promise<T> {
    return this.#json('GET', path);
  }

  /** The answer as it is, for paths such as /readyz and /metrics. */
  async getText(path: string): Promise<string> {
    return textOf(await this.#send('GET', path, { signal: AbortSignal.timeout(requestTimeoutMs) }));
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json('POST', path, { type: 'application/json', body });
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#json('PUT', path, { type: 'application/json', body });
  }

  /** JSON merge patch. */
  mergePatch<T>(path: string, body: unknown): Promise<T> {
    return this.#json('PATCH', path, { type: 'application/merge-patch+json', body });
  }

  /** Strategic merge patch: lists merge by their key. Built-in kinds only. */
  strategicPatch<T>(path: string, body: unknown): Promise<T> {
    return this.#json('PATCH', path, { type: 'application/strategic-merge-patch+json', body });
  }

  /** Server-side apply, taking over fields that others own. */
  apply<T>(path: string, body: unknown, fieldManager = 'dev-cluster'): Promise<T> {
    const query = `fieldManager=${fieldManager}&force=true`;
    return this.#json('PATCH', `${path}?${query}`, { type: 'application/apply-patch+yaml', body });
  }

  /** Deletes; an object that is gone already is fine. `body` holds DeleteOptions. */
  async delete(path: string, body: unknown = {}): Promise<void> {
    try {
      await this.#json('DELETE', path, { type: 'application/json', body });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Streams a watch until the server ends it or the signal aborts; rejects when it fails. */
  async watch<T>(path: string, onEvent: (event: ApiEvent<T>) => void, signal: AbortSignal): Promise<void> {
    try {
      const response = await this.#send('GET', path, { signal });
      let rest = '';
      for await (const chunk of response.setEncoding('utf8')) {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        // The API server sends one event a line.
        for (const line of lines) onEvent(JSON.parse(line) as ApiEvent<T>);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(method: Method, path: string, content?: Content): Promise<T> {
    const response = await this.#send(method, path, {
      ...(content && { content }),
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    // The caller names the shape that the API documents for this path.
    return JSON.parse(await textOf(response)) as T;
  }

  /** Sends again for as long as the server is too busy, which it is for a moment whenever a kind is defined. */
  async #send(method: Method, path: string, options: SendOptions): Promise<IncomingMessage> {
    for (;;) {
      const response = await this.#sendOnce(method, path, options);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return response;
      const text = await textOf(response);
      if (status !== TOO_BUSY) throw new ApiError(`${method} ${path}`, status, messageOf(text));
      await delay(BUSY_PAUSE_MS, undefined, { signal: options.signal });
    }
  }

  #sendOnce(method: Method, path: string, { content, signal }: SendOptions): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const body = content && Buffer.from(JSON.stringify(content.body));
    const outgoing = request(new URL(path, this.#access.server), {
      method,
      agent: this.#agent,
      signal,
      headers: {
        authorization: `Bearer ${this.#access.token}`,
        accept: 'application/json',
        // Node leaves the length of a DELETE's body out, and the server would take the body for a request.
        ...(content && { 'content-type': content.type, 'content-length': body?.length }),
      },
    });
    outgoing.on('response', resolve).on('error', reject);
    outgoing.end(body);
    return promise;
  }
}

interface Content {
  readonly type: string;
  readonly body: unknown;
}

interface SendOptions {
  readonly content?: Content;
  readonly signal: AbortSignal;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function messageOf(body: string): string {
  try {
    // Failures are answered with a Status object, by some paths with plain text.
    return (JSON.parse(body) as { readonly message?: string }).message ?? body;
  } catch {
    return body;
  }
}
