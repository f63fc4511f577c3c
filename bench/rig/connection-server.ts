/**
 * Accepts connections in a process of its own and says nothing on them. Arguments: the port, then the addresses to listen
 * on. Prints `listening` once all ports are open.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

const [port = '0', ...addresses] = process.argv.slice(2);

for (const address of addresses) {
  // Clients end their connections with a reset.
  const server = createServer((socket: Socket) => socket.on('error', () => {}));
  server.listen(Number(port), address);
  await once(server, 'listening');
}
console.log('listening');
