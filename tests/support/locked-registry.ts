import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** In front of a registry: lets only one user in. Returns the server, listening on loopback. */
export async function lockedRegistry(registry: string, user: string, password: string): Promise<Server> {
  const [hostname, port] = registry.split(':');
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const server = createServer((incoming, outgoing) => {
    if (incoming.headers.authorization !== wanted) {
      const body = JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
      outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="modules"' }).end(body);
      return;
    }
    const { method, url, headers } = incoming;
    const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.once('error', () => outgoing.writeHead(502).end());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Its `HOST:PORT`. */
export function addressOf(server: Server): string {
  // A server that listens on TCP has an address of this kind.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
