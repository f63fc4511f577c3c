/**
 * Answers HTTP probes of a benchmark in a process of its own: over plain TCP as cheaply as can be, with TLS, and in
 * HTTP/2. Arguments: certificate file, key file. Prints its ports as one line of JSON and ends with its standard input.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttp2Server, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';

const [certFile = '', keyFile = ''] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok');

const servers: Readonly<Record<string, Server>> = {
  plain: createServer((socket) => socket.on('data', () => socket.write(ANSWER))),
  tls: createHttpsServer(tls, (_request, response) => response.end('ok')),
  plain2: createHttp2Server().on('stream', answer),
  tls2: createSecureServer(tls).on('stream', answer),
};

function answer(stream: ServerHttp2Stream): void {
  stream.on('error', () => {});
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end('ok');
}

const ports = await Promise.all(
  Object.entries(servers).map(async ([name, server]) => {
    // Probes end their connections with a reset.
    server.on('connection', (socket: Socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
    const address = server.address();
    return [name, typeof address === 'object' ? address?.port : undefined] as const;
  }),
);
console.log(JSON.stringify(Object.fromEntries(ports)));
process.stdin.resume().once('end', () => process.exit(0));
