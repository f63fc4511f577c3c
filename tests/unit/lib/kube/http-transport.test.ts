import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ApiRequest, HttpTransport } from '#lib/kube/http-transport.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const read: ApiRequest = { method: 'GET', path: '/x', what: 'get thing a/b' };
const limits = { silenceMs: 100_000, totalMs: 400_000 };

async function serve(listener: RequestListener) {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo;
  let token = 'first';
  const url = new URL(`http://127.0.0.1:${port}/prefix/`);
  const credentials = async () => ({ headers: { Authorization: `Bearer ${token}` } });
  const clock = new FakeClock();
  const transport = new HttpTransport({ url, credentials }, 'agent/1', clock);
  cleanUps.push(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
  });
  return {
    server,
    clock,
    transport,
    rotate: (next: string) => {
      token = next;
    },
  };
}

describe('send', () => {
  test('asks for credentials each time, and says who it is', async () => {
    const seen: unknown[] = [];
    const { transport, rotate } = await serve((request, response) => {
      const { authorization, accept, 'user-agent': agent } = request.headers;
      seen.push([request.url, authorization, accept, agent]);
      response.end('{}');
    });
    await transport.send(read);
    rotate('second');
    await transport.send(read);
    expect(seen).toEqual([
      ['/prefix/x', 'Bearer first', 'application/json', 'agent/1'],
      ['/prefix/x', 'Bearer second', 'application/json', 'agent/1'],
    ]);
  });

  test('the body of a DELETE arrives', async () => {
    let body = '';
    const { transport } = await serve(async (request, response) => {
      for await (const chunk of request) body += chunk;
      response.end('{}');
    });
    await transport.send({ ...read, method: 'DELETE', body: { name: 'ü' } });
    expect(body).toBe('{"name":"ü"}');
  });

  test('a server that never answers is given up after 30 s', async () => {
    const { clock, server, transport } = await serve(() => {});
    const failed = transport.send(read).catch((error: unknown) => error);
    await once(server, 'request');
    await clock.advance(30_000);
    expect(await failed).toMatchObject({ status: 0, reason: 'Timeout' });
    expect(clock.pending).toBe(0);
  });

  test('an answer that never ends is given up too', async () => {
    const { clock, server, transport } = await serve((_request, response) => {
      response.write('{');
    });
    const failed = transport.send(read).catch((error: unknown) => error);
    await once(server, 'request');
    await clock.advance(30_000);
    expect(await failed).toMatchObject({ reason: 'Timeout' });
  });

  const statuses = [
    {
      name: 'a Status object',
      given: JSON.stringify({
        kind: 'Status',
        code: 403,
        reason: 'Forbidden',
        message: 'no',
        details: { causes: [{ reason: 'R' }] },
      }),
      want: { message: 'get thing a/b: 403 no', status: 403, reason: 'Forbidden', causes: ['R'] },
    },
    {
      name: 'the page of a proxy',
      given: '<html>',
      want: { message: 'get thing a/b: 403 Forbidden', status: 403, reason: '' },
    },
  ];
  test.each(statuses)('an error with $name', async ({ given, want }) => {
    const { transport } = await serve((_request, response) =>
      response.writeHead(403, { 'Retry-After': '7' }).end(given),
    );
    await expect(transport.send(read)).rejects.toMatchObject({ ...want, retryAfterMs: 7000 });
  });

  test('an answer that is not JSON is an error', async () => {
    const { transport } = await serve((_request, response) => response.end('<html>'));
    await expect(transport.send(read)).rejects.toThrow('get thing a/b: answer is not JSON');
  });

  test('a kept connection that the server has closed is replaced for a read, not for a write', async () => {
    let requests = 0;
    const { transport } = await serve((request, response) => {
      requests++;
      // The second request on a connection meets its end, as at the end of the server's keep-alive time.
      if (requests % 2 === 0) request.socket.resetAndDestroy();
      else response.end('{}');
    });
    await transport.send(read);
    await transport.send(read);
    expect(requests).toBe(3);
    await expect(transport.send({ ...read, method: 'POST', body: {} })).rejects.toMatchObject({ status: 0 });
    expect(requests).toBe(4);
  });

  test('a read survives that all kept connections have ended', async () => {
    const used = new WeakSet();
    const { transport } = await serve((request, response) => {
      const { socket } = request;
      if (used.has(socket)) socket.resetAndDestroy();
      else response.end('{}');
      used.add(socket);
    });
    await Promise.all([transport.send(read), transport.send(read)]);
    expect(await transport.send(read)).toEqual({});
  });

  test('the caller can give up at any time', async () => {
    const { server, transport } = await serve(() => {});
    const stop = new AbortController();
    const failed = transport.send({ ...read, signal: stop.signal }).catch((error: unknown) => error);
    await once(server, 'request');
    stop.abort();
    expect(await failed).toMatchObject({ reason: 'Aborted' });
  });
});

describe('stream', () => {
  test('gives each line as it comes and ends with the answer', async () => {
    const { transport } = await serve((_request, response) => {
      response.write('{"a":1}\n{"b"');
      response.end(':2}\n');
    });
    const lines: string[] = [];
    let isOpen = false;
    await transport.stream(read, limits, {
      onOpen: () => {
        isOpen = true;
      },
      onLine: (line) => lines.push(line),
    });
    expect([isOpen, lines]).toEqual([true, ['{"a":1}', '{"b":2}']]);
  });

  test('is given up after a silence, and at the latest after its whole time', async () => {
    const { clock, transport } = await serve((_request, response) => {
      response.write('1\n');
    });
    const lines: string[] = [];
    const open = (totalMs: number) => {
      const first = Promise.withResolvers<void>();
      const ended = transport
        .stream(read, { ...limits, totalMs }, { onLine: (line) => first.resolve(void lines.push(line)) })
        .catch((error: unknown) => error);
      return { first: first.promise, ended };
    };
    const silent = open(400_000);
    await silent.first;
    await clock.advance(99_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await silent.ended).toMatchObject({ reason: 'Timeout' });
    const short = open(60_000);
    await short.first;
    await clock.advance(60_000);
    expect(await short.ended).toMatchObject({ reason: 'Timeout' });
  });

  test('a connection that breaks is an error, not an end', async () => {
    const { transport } = await serve((request, response) => {
      response.write('1\n');
      setImmediate(() => request.socket.resetAndDestroy());
    });
    await expect(transport.stream(read, limits, { onLine: () => {} })).rejects.toMatchObject({ status: 0 });
  });
});
