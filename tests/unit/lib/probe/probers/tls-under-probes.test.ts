import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GrpcProbe, ProbeTls, TcpProbe } from '#lib/core/probe/probe.ts';
import { createGrpcProber } from '#lib/probe/probers/grpc-prober.ts';
import { createTcpProber } from '#lib/probe/probers/tcp-prober.ts';
import { runOnce } from '../../../../../dev/workload/one-run.ts';
import { aRun, type LoopbackServer, serve, targetOf } from '../../../../support/loopback-server.ts';
import {
  type CertificateWithKey,
  makeTestCertificates,
  type TestCertificates,
} from '../../../../support/test-certificates.ts';
import { proberDeps } from './prober-deps.ts';

const COMMON = { port: 1, timeoutMs: 1000, successThreshold: 1, failureThreshold: 1 } as const;
const OK = { kind: 'success' };

let certificates: TestCertificates;
let server: CertificateWithKey;
beforeAll(() => {
  certificates = makeTestCertificates();
  server = certificates.issue('IP:127.0.0.1,DNS:app.example.com');
});
afterAll(() => certificates.remove());

function trusting(fields: Partial<ProbeTls> = {}): ProbeTls {
  return { verifies: true, caCert: certificates.ca.cert, ...fields };
}

/** The rules are the same for both kinds. */
const TLS_CASES: readonly {
  readonly name: string;
  readonly tls: () => ProbeTls;
  readonly want: unknown;
}[] = [
  { name: 'a certificate for the address', tls: () => trusting(), want: OK },
  {
    name: 'a certificate for the name',
    tls: () => trusting({ serverName: 'app.example.com' }),
    want: OK,
  },
  {
    name: 'a certificate for another name',
    tls: () => trusting({ serverName: 'other.example.com' }),
    want: {
      kind: 'failure',
      reason: 'TlsFailed',
      message: 'TLS to PORT failed: the certificate is not valid for other.example.com',
    },
  },
  {
    name: 'an authority that is not trusted',
    tls: () => ({ verifies: true }),
    want: { kind: 'failure', reason: 'TlsFailed', message: expect.stringContaining('unknown authority') },
  },
  { name: 'no verification', tls: () => ({ verifies: false }), want: OK },
  {
    name: 'certificates that are none',
    tls: () => trusting({ caCert: 'none' }),
    want: { kind: 'unknown', cause: 'InvalidSettings', message: expect.stringContaining('caCert') },
  },
  {
    name: 'a Secret that is missing',
    tls: () => trusting({ clientCertSecretName: 'client' }),
    want: {
      kind: 'unknown',
      cause: 'CredentialsMissing',
      message: 'Secret my-ns/client does not exist',
    },
  },
];

function masked(outcome: unknown, port: number): unknown {
  return JSON.parse(JSON.stringify(outcome).replaceAll(String(port), 'PORT'));
}

describe('TCP', () => {
  let listener: LoopbackServer | undefined;
  afterEach(() => listener?.stop());

  function run(fields: Partial<TcpProbe>, target = listener?.target): Promise<unknown> {
    const probe: TcpProbe = { ...COMMON, kind: 'tcp', ...fields };
    if (target === undefined) throw new Error('nobody listens');
    return runOnce(createTcpProber(proberDeps()), probe, target, aRun(1000));
  }

  async function listen(converse: (socket: TLSSocket) => void, requestCert = false): Promise<void> {
    listener = await serve((socket: Socket) => {
      const secureContext = createSecureContext({ ...server, ca: certificates.ca.cert });
      const secured = new TLSSocket(socket, {
        isServer: true,
        secureContext,
        requestCert,
        rejectUnauthorized: requestCert,
      });
      secured.on('error', () => {});
      secured.once('secure', () => converse(secured));
    });
  }

  test.each(TLS_CASES)('$name', async ({ tls, want }) => {
    await listen(() => {});
    expect(masked(await run({ tls: tls() }), listener?.port ?? 0)).toEqual(want);
  });

  test('what is sent and expected goes through it', async () => {
    await listen((socket) => {
      socket.write('220 mail ready\r\n');
      socket.on('data', (bytes) => socket.write(String(bytes) === 'NOOP\r\n' ? '250 OK\r\n' : '500\r\n'));
    });
    expect(await run({ tls: trusting(), expect: '220 ' })).toEqual(OK);
    expect(await run({ tls: trusting(), send: 'NOOP\r\n', expect: '250 ' })).toEqual(OK);
    expect(listener?.received().includes('NOOP')).toBe(false);
  });

  test('a certificate of the client is shown', async () => {
    const client = certificates.issue('DNS:probe');
    await listen((socket) => {
      if (socket.getPeerCertificate().subject !== undefined) socket.write('known');
    }, true);
    const probe = {
      ...COMMON,
      kind: 'tcp',
      tls: trusting({ clientCertSecretName: 'client' }),
      expect: 'known',
    } as const;
    const secrets = new Map([['client', { clientCert: client.cert, clientKey: client.key }]]);
    const prober = createTcpProber(proberDeps(secrets));
    expect(await runOnce(prober, probe, listener?.target ?? targetOf(1), aRun(1000))).toEqual(OK);
  });

  test('a server that says nothing to the handshake', async () => {
    listener = await serve(() => {});
    expect(masked(await run({ tls: trusting() }), listener.port)).toEqual({
      kind: 'failure',
      reason: 'Timeout',
      message: 'no TLS handshake with PORT within 1 s',
    });
  });
});

describe('gRPC', () => {
  let grpc: GrpcServer | undefined;
  afterEach(() => grpc?.forceShutdown());

  async function start(): Promise<number> {
    const identity = (bytes: Buffer): Buffer => bytes;
    grpc = new GrpcServer();
    grpc.addService(
      {
        Check: {
          path: '/grpc.health.v1.Health/Check',
          requestStream: false,
          responseStream: false,
          requestSerialize: identity,
          requestDeserialize: identity,
          responseSerialize: identity,
          responseDeserialize: identity,
        },
      },
      {
        Check: (_call: unknown, answer: (error: null, bytes: Buffer) => void) =>
          answer(null, Buffer.from([8, 1])),
      },
    );
    const pair = { cert_chain: Buffer.from(server.cert), private_key: Buffer.from(server.key) };
    const credentials = ServerCredentials.createSsl(null, [pair]);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    grpc.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
    return promise;
  }

  function run(port: number, tls: ProbeTls | undefined): Promise<unknown> {
    const probe: GrpcProbe = { ...COMMON, kind: 'grpc', service: '', ...(tls && { tls }) };
    const prober = createGrpcProber({ ...proberDeps(), userAgent: 'swh/1' });
    return runOnce(prober, probe, targetOf(port), aRun(1000));
  }

  test.each(TLS_CASES)('$name', async ({ tls, want }) => {
    const port = await start();
    expect(masked(await run(port, tls()), port)).toEqual(want);
  });

  test('a server that wants TLS is not asked without', async () => {
    const port = await start();
    expect(await run(port, undefined)).toMatchObject({ kind: 'failure' });
  });

  test('a server that does not take up HTTP/2', async () => {
    const listener = await serve((socket: Socket) => {
      const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(server) });
      secured.on('error', () => {});
    });
    const outcome = await run(listener.port, trusting());
    await listener.stop();
    expect(masked(outcome, listener.port)).toEqual({
      kind: 'failure',
      reason: 'ProtocolError',
      message: 'PORT does not offer HTTP/2',
    });
  });
});
