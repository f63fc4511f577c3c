import { createServer, type ServerHttp2Stream } from 'node:http2';
import { Server as GrpcServer, status as grpcStatus, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { createGrpcProber } from '#lib/probe/probers/grpc-prober.ts';
import { type OneRun, runOnce } from '../../../../../dev/workload/one-run.ts';
import {
  addressOf,
  aFullListener,
  aRun,
  close,
  closedPort,
  eventually,
  listen,
  serve,
  targetOf,
  timed,
  timeWaits,
} from '../../../../support/loopback-server.ts';
import { proberDeps } from './prober-deps.ts';

const prober = createGrpcProber({ ...proberDeps(), userAgent: 'swh/1' });

function run(probe: GrpcProbe, target: Target, one: OneRun): Promise<ProbeOutcome> {
  return runOnce(prober, probe, target, one);
}

function aProbe(fields: Partial<GrpcProbe> = {}): GrpcProbe {
  return {
    kind: 'grpc',
    port: 1,
    timeoutMs: 500,
    successThreshold: 1,
    failureThreshold: 1,
    service: '',
    ...fields,
  };
}

function masked(outcome: ProbeOutcome, port: number): unknown {
  return JSON.parse(JSON.stringify(outcome).replaceAll(String(port), 'PORT'));
}

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** A server of the reference implementation that knows these services and their status numbers. */
async function serveHealth(statuses: ReadonlyMap<string, number> | undefined): Promise<number> {
  const grpc = new GrpcServer();
  if (statuses !== undefined) {
    const method = {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    } as const;
    grpc.addService(
      { Check: method },
      {
        Check: (call: { request: Buffer }, answer: (error: object | null, bytes?: Buffer) => void) => {
          const service = call.request.subarray(2).toString();
          const known = statuses.get(service);
          if (known === undefined) {
            answer({
              code: service === 'broken' ? grpcStatus.INTERNAL : grpcStatus.NOT_FOUND,
              details: 'secret',
            });
          } else {
            answer(null, Buffer.from([8, known]));
          }
        },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  stop = async () => grpc.forceShutdown();
  return port;
}

describe('against the reference implementation', () => {
  const statuses = new Map([
    ['', 1],
    ['up', 1],
    ['down', 2],
    ['new', 0],
  ]);
  test.each([
    { name: 'the whole server', service: '', want: { kind: 'success' } },
    { name: 'a serving service', service: 'up', want: { kind: 'success' } },
    {
      name: 'a service that is not serving',
      service: 'down',
      want: {
        kind: 'failure',
        reason: 'NotServing',
        message: 'gRPC health check on PORT returned NOT_SERVING',
      },
    },
    {
      name: 'a service of unknown state',
      service: 'new',
      want: { kind: 'failure', reason: 'NotServing', message: 'gRPC health check on PORT returned UNKNOWN' },
    },
    {
      name: 'an unknown service',
      service: 'absent',
      want: {
        kind: 'failure',
        reason: 'NotServing',
        message: 'gRPC health check on PORT knows no service "absent"',
      },
    },
    {
      name: 'a service that fails',
      service: 'broken',
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'gRPC health check on PORT failed with gRPC status 13',
      },
    },
  ])('$name', async ({ service, want }) => {
    const port = await serveHealth(statuses);
    expect(masked(await run(aProbe({ service }), targetOf(port), aRun(2000)), port)).toEqual(want);
  });

  test('a server without the health service', async () => {
    const port = await serveHealth(undefined);
    expect(masked(await run(aProbe(), targetOf(port), aRun(2000)), port)).toEqual({
      kind: 'failure',
      reason: 'NotServing',
      message: 'gRPC health check on PORT is not implemented',
    });
  });

  test('leaves no TIME_WAIT', async () => {
    const port = await serveHealth(statuses);
    for (let index = 0; index < 10; index += 1) {
      await run(aProbe(), targetOf(port), aRun(2000));
    }
    expect(timeWaits(port)).toBe(0);
  });
});

describe('against an HTTP/2 server that misbehaves', () => {
  const cases: readonly {
    readonly name: string;
    readonly answer: (stream: ServerHttp2Stream) => void;
    readonly want: unknown;
  }[] = [
    {
      name: 'another HTTP status',
      answer: (stream) => {
        stream.respond({ ':status': 404 });
        stream.end('secret');
      },
      want: {
        kind: 'failure',
        reason: 'UnexpectedStatus',
        message: 'gRPC health check on PORT returned HTTP status 404',
      },
    },
    {
      name: 'no gRPC status',
      answer: (stream) => {
        stream.respond({ ':status': 200 });
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
      },
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'gRPC health check on PORT was answered without a gRPC status',
      },
    },
    {
      name: 'a body that never ends',
      answer: (stream) => {
        stream.respond({ ':status': 200 });
        const more = (): void => {
          while (!stream.destroyed && stream.write(Buffer.alloc(4096))) {}
        };
        stream.on('drain', more);
        more();
      },
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'gRPC health check on PORT returned a malformed message',
      },
    },
    {
      name: 'headers and then nothing',
      answer: (stream) => stream.respond({ ':status': 200 }),
      want: {
        kind: 'failure',
        reason: 'Timeout',
        message: 'gRPC health check on PORT was not answered within 500 ms',
      },
    },
    {
      name: 'a reset stream',
      answer: (stream) => stream.close(2),
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'gRPC health check on PORT was reset by the server',
      },
    },
    {
      name: 'a closed session',
      answer: (stream) => stream.session?.destroy(),
      want: {
        kind: 'failure',
        reason: 'ConnectionClosed',
        message: 'PORT closed the connection without an answer',
      },
    },
  ];
  test.each(cases)('$name', async ({ answer, want }) => {
    const http2 = createServer();
    http2.on('sessionError', () => {});
    http2.on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {});
      answer(stream);
    });
    await listen(http2);
    stop = () => close(http2);
    const { port } = addressOf(http2);
    const { value, ms } = await timed(run(aProbe(), targetOf(port), aRun(500)));
    expect(masked(value, port)).toEqual(want);
    expect(ms).toBeLessThan(900);
  });
});

describe('against something else', () => {
  test('HTTP/1.1', async () => {
    const server = await serve((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    stop = server.stop;
    expect(masked(await run(aProbe(), server.target, aRun(500)), server.port)).toEqual({
      kind: 'failure',
      reason: 'ProtocolError',
      message: 'PORT answered with something other than HTTP/2',
    });
  });

  test.each([
    { name: 'silence', reason: 'Timeout' as const, serveOne: () => {} },
    {
      name: 'a close without a word',
      reason: 'ConnectionClosed' as const,
      serveOne: (socket: { end(): unknown }) => void socket.end(),
    },
    {
      name: 'a reset',
      reason: 'ConnectionClosed' as const,
      serveOne: (socket: { resetAndDestroy(): unknown }) => void socket.resetAndDestroy(),
    },
  ])('$name', async ({ reason, serveOne }) => {
    const server = await serve(serveOne);
    stop = server.stop;
    const { value, ms } = await timed(run(aProbe(), server.target, aRun(500)));
    expect(value).toMatchObject({ kind: 'failure', reason });
    expect(ms).toBeLessThan(900);
  });

  test('nobody', async () => {
    const port = await closedPort();
    expect(await run(aProbe(), targetOf(port), aRun(500))).toMatchObject({ reason: 'ConnectionRefused' });
  });

  test('a black hole', async () => {
    const { target, stop: stopListener } = await aFullListener();
    stop = stopListener;
    expect(await run(aProbe(), target, aRun(300))).toMatchObject({ reason: 'Timeout' });
  });
});

test('cancelling ends a run under way', async () => {
  const server = await serve(() => {});
  stop = server.stop;
  const one = aRun(5000);
  const outcome = run(aProbe(), server.target, one);
  await eventually(() => server.sockets.length === 1, 'connected');
  one.cancel?.();
  expect(await outcome).toMatchObject({ kind: 'unknown', cause: 'Cancelled' });
  await eventually(() => server.sockets.every((socket) => socket.destroyed), 'the connection is gone');
});
