/**
 * Answers on all addresses of its namespace, at every port given as an argument: `/to?LOCATION` redirects there, everything
 * else is 200. Prints one line when it listens.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

await Promise.all(
  process.argv.slice(2).map((port) => {
    const server = createServer((request, response) => {
      const [path, location = ''] = (request.url ?? '').split('?', 2);
      if (path === '/to') response.writeHead(302, { location: decodeURIComponent(location) }).end();
      else response.end('ok');
    });
    server.listen(Number(port), '::');
    return once(server, 'listening');
  }),
);
process.stdout.write('listening\n');
