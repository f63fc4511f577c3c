import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Metrics } from './metrics.ts';

/** Where to listen. `host` empty: on all addresses. `port` 0: any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers by path; each is given the query. */
export type Routes = Readonly<Record<string, (query: URLSearchParams) => HttpAnswer | Promise<HttpAnswer>>>;

export interface HttpServer {
  /** As in a URL: `host:port`, with the real port. */
  readonly address: string;
  /** Closes the connections too. */
  close(): Promise<void>;
}

/** Says why not, or undefined if all is well. Must be cheap. */
export type HealthCheck = () => string | undefined;

/** By name, which the answer shows. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

/** One request must not hold a connection for long: those who ask are kubelet and Prometheus. */
const REQUEST_LIMIT_MS = 10_000;
const TEXT = 'text/plain; charset=utf-8';

/** Serves GET and HEAD of the routes. Rejects if the address cannot be listened on. */
export async function startHttpServer({ host, port }: ListenAddress, routes: Routes): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: REQUEST_LIMIT_MS, headersTimeout: REQUEST_LIMIT_MS },
    (request, response) => {
      const [path = '', ...query] = (request.url ?? '').split('?');
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (route === undefined) send(response, text(404, 'not found'));
      else if (!isRead) send(response, text(405, 'only GET and HEAD'));
      else void answer(() => route(new URLSearchParams(query.join('?'))), response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
  // A server that listens on TCP has an address of this kind.
  const bound = server.address() as AddressInfo;
  return {
    address: `${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** `/metrics`. */
export function metricsRoutes(metrics: Metrics): Routes {
  return {
    '/metrics': async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
  };
}

/** `/livez`: restart the program if it fails. `/readyz`: the program does its work. */
export function healthRoutes(live: HealthChecks, ready: HealthChecks): Routes {
  return { '/livez': () => health(live), '/readyz': () => health(ready) };
}

/** 200 if no check has a reason against, else 503; one line a check, in the form of the API server. */
function health(checks: HealthChecks): HttpAnswer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, reason: check() }));
  const lines = results.map(({ name, reason }) =>
    reason === undefined ? `[+]${name} ok` : `[-]${name}: ${reason}`,
  );
  const isOk = results.every(({ reason }) => reason === undefined);
  return text(isOk ? 200 : 503, [...lines, isOk ? 'ok' : 'not ok'].join('\n'));
}

async function answer(
  route: () => HttpAnswer | Promise<HttpAnswer>,
  response: ServerResponse,
): Promise<void> {
  try {
    send(response, await route());
  } catch (error) {
    send(response, text(500, error instanceof Error ? error.message : String(error)));
  }
}

function send(response: ServerResponse, { status, contentType, body }: HttpAnswer): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function text(status: number, line: string): HttpAnswer {
  return { status, contentType: TEXT, body: `${line}\n` };
}
