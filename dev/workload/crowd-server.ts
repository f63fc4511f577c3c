/**
 * Stands behind thousands of targets: answers HTTP on several ports of all addresses of a node, as cheaply
 * as Node can, and is steered over a port of its own.
 *
 *   /drip?port=N    from now on answers on the port come at one byte per second, and never end
 *   /slow?port=N    from now on answers on the port take 600 ms
 *   /close?port=N   no longer listens on the port
 *   /record         begins to note when connections arrive
 *   /arrivals       ends that; what was noted, by `address:port`, in milliseconds of the monotonic clock
 */
import { createServer as createControl } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { control: { type: 'string' }, ports: { type: 'string' } },
});
const [controlHost, controlPort] = (values.control ?? '127.0.0.1:9001').split(':');
const ports = (values.ports ?? '').split(',').map(Number);

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const BACKLOG = 4096;
const DRIP_MS = 1000;

const SLOW_MS = 600;

const dripping = new Set<number>();
const slow = new Set<number>();
let arrivals: Map<string, number[]> | undefined;

function serve(socket: Socket, port: number): void {
  note(`${socket.localAddress}:${port}`);
  // Probes end their connections with a reset.
  socket.on('error', () => {});
  socket.on('data', () => {
    if (dripping.has(port)) drip(socket);
    else if (slow.has(port)) setTimeout(() => socket.write(ANSWER), SLOW_MS);
    else socket.write(ANSWER);
  });
}

function note(target: string): void {
  if (arrivals === undefined) return;
  const times = arrivals.get(target);
  if (times === undefined) arrivals.set(target, [performance.now()]);
  else times.push(performance.now());
}

function drip(socket: Socket): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(ANSWER.subarray(sent, ++sent)), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

const servers = new Map<number, Server>();
for (const port of ports) {
  const server = createServer({ noDelay: true }, (socket) => serve(socket, port));
  server.listen(port, '0.0.0.0', BACKLOG);
  servers.set(port, server);
}

const commands: Readonly<Record<string, (port: number) => unknown>> = {
  '/drip': (port) => dripping.add(port),
  '/slow': (port) => slow.add(port),
  '/close': (port) => servers.get(port)?.close(),
  '/record': () => {
    arrivals = new Map();
  },
  '/arrivals': () => {
    const noted = arrivals;
    arrivals = undefined;
    return noted === undefined ? {} : Object.fromEntries(noted);
  },
};

createControl((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
  const command = commands[pathname];
  const answer = command?.(Number(searchParams.get('port')));
  response.writeHead(command === undefined ? 404 : 200);
  response.end(pathname === '/arrivals' ? JSON.stringify(answer) : '{}');
}).listen(Number(controlPort), controlHost);
