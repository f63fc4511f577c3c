/**
 * Stands behind every pod of a benchmark: one HTTP server on all addresses of a node, steered over a second port.
 * Each command answers `{"atMs": …}`, the epoch in milliseconds at which it took effect.
 *
 *   /close, /open     the port that is probed
 *   /hang-up          ends its connections; the port stays open
 *   /listening        since when it is open; 404 while it never was
 *   /fail, /heal      answers 503, or 200
 *   /first-failure    when the first request for /healthz since /fail was answered with 503; 404 while there was none
 */
import { createServer, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { control: { type: 'string' }, port: { type: 'string', default: '8080' } },
});
const [controlHost, controlPort] = (values.control ?? '127.0.0.1:9000').split(':');
const port = Number(values.port);

let isFailing = false;
let firstFailureMs: number | undefined;
let listeningMs: number | undefined;

const target = createServer((request, response) => {
  if (isFailing && request.url === '/healthz') firstFailureMs ??= nowMs();
  response.writeHead(isFailing ? 503 : 200, { 'content-length': '0', connection: 'close' }).end();
});
target.on('listening', () => {
  listeningMs = nowMs();
});

const commands: Readonly<Record<string, () => Promise<number | undefined>>> = {
  '/close': () =>
    new Promise((resolve) => {
      target.close();
      target.closeAllConnections();
      resolve(nowMs());
    }),
  '/open': () => new Promise((resolve) => target.listen(port, '0.0.0.0', () => resolve(nowMs()))),
  '/hang-up': async () => {
    target.closeAllConnections();
    return nowMs();
  },
  '/listening': async () => listeningMs,
  '/fail': async () => {
    firstFailureMs = undefined;
    isFailing = true;
    return nowMs();
  },
  '/heal': async () => {
    isFailing = false;
    return nowMs();
  },
  '/first-failure': async () => firstFailureMs,
};

target.listen(port, '0.0.0.0');
createServer((request, response) => {
  const command = commands[request.url ?? ''];
  void (command?.() ?? Promise.resolve(undefined)).then((atMs) => answer(response, atMs));
}).listen(Number(controlPort), controlHost);

function answer(response: ServerResponse, atMs: number | undefined): void {
  response.writeHead(atMs === undefined ? 404 : 200).end(JSON.stringify({ atMs }));
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
