/**
 * The hostile servers as a program, so that what they cost is not taken for what their clients cost; with `good`, a
 * single server that is none. Prints one line of JSON: ports by id. Ends when its standard input does.
 */
import { createServer } from 'node:net';
import { addressOf, listen } from '../loopback-server.ts';
import { HOSTILE_SERVERS, idOf } from './corpus.ts';
import type { HostileServer } from './hostile-server.ts';
import { serverContexts } from './tls-servers.ts';

const GOOD_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready';

async function portOf(serve: HostileServer['serve']): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  await listen(server);
  return addressOf(server).port;
}

const servers: readonly (readonly [string, HostileServer['serve']])[] =
  process.argv[2] === 'good'
    ? [['good', (socket) => void socket.once('data', () => socket.end(GOOD_ANSWER))]]
    : HOSTILE_SERVERS.map((server) => [idOf(server), server.serve]);

if (process.argv[2] !== 'good') serverContexts();
const ports = await Promise.all(servers.map(async ([id, serve]) => [id, await portOf(serve)]));
process.stdout.write(`${JSON.stringify(Object.fromEntries(ports))}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
