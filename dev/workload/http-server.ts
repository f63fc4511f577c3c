/**
 * The web server behind a pod, as a program. `/` answers the pod's name, `/healthz` answers 200, or 503 while
 * the file of `--unhealthy-file` exists, `/count` answers how often `/` was asked, `/hold` answers its name again and
 * again for as long as the client stays. Prints one line when it listens.
 */
import { existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    address: { type: 'string' },
    port: { type: 'string' },
    name: { type: 'string' },
    'unhealthy-file': { type: 'string' },
  },
});
const { address, port, name, 'unhealthy-file': unhealthyFile } = values;
if (address === undefined || port === undefined || name === undefined) {
  throw new Error('http-server needs --address, --port and --name');
}

let requests = 0;

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${body}\n`);
}

const HOLD_INTERVAL_MS = 100;

/** An answer that never ends by itself. */
function hold(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' });
  response.write(`${name}\n`);
  const timer = setInterval(() => response.write(`${name}\n`), HOLD_INTERVAL_MS);
  response.on('close', () => clearInterval(timer));
}

const server = createServer((request, response) => {
  if (request.url === '/healthz') {
    const isHealthy = unhealthyFile === undefined || !existsSync(unhealthyFile);
    answer(response, isHealthy ? 200 : 503, isHealthy ? 'ok' : 'unhealthy');
  } else if (request.url === '/hold') {
    hold(response);
  } else if (request.url === '/count') {
    answer(response, 200, String(requests));
  } else {
    requests += 1;
    answer(response, 200, name);
  }
});
server.listen(Number(port), address, () =>
  console.log(`http-server ${name} listens on ${address}:${port} as process ${process.pid}`),
);
process.once('SIGTERM', () => process.exit(0));
