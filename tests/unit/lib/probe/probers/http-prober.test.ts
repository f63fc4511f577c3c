import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificateResult } from '#lib/probe/client-certificate.ts';
import { anHttpProbe } from '../../../../support/builders.ts';
import {
  addressOf,
  aFullListener,
  aRun,
  close,
  closedPort,
  eventually,
  type LoopbackServer,
  listen,
  serve,
  targetOf,
  timed,
  timeWaits,
} from '../../../../support/loopback-server.ts';
import {
  type CertificateWithKey,
  makeTestCertificates,
  type TestCertificates,
} from '../../../../support/test-certificates.ts';
import { aHttpProber } from './http-prober-fixture.ts';

const { run } = aHttpProber();

function aProbe(fields: Partial<HttpProbe> = {}): HttpProbe {
  return anHttpProbe({ timeoutMs: 300, path: '/healthz?token=secret', ...fields });
}

let server: LoopbackServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** The outcome with the port replaced, so that whole messages can be compared. */
function masked(outcome: ProbeOutcome, port: number): unknown {
  return JSON.parse(JSON.stringify(outcome).replaceAll(String(port), 'PORT'));
}

function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once('close', () => clearInterval(timer));
}

function flood(socket: Socket, piece: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece)) {}
  };
  socket.on('drain', more);
  more();
}

const OK = { kind: 'success' };
const NO_ANSWER = {
  kind: 'failure',
  reason: 'Timeout',
  message: 'HTTP GET /healthz on PORT was not answered within 300 ms',
};

describe('answers', () => {
  const cases: readonly {
    readonly name: string;
    readonly probe?: Partial<HttpProbe>;
    readonly answer: (socket: Socket) => void;
    readonly want: unknown;
  }[] = [
    { name: '200', answer: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), want: OK },
    {
      name: '503',
      answer: (socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\nsecret'),
      want: {
        kind: 'failure',
        reason: 'UnexpectedStatus',
        message: 'HTTP GET /healthz on PORT returned 503',
      },
    },
    {
      name: 'a status outside a list of its own',
      probe: { codes: [{ from: 204, to: 204 }] },
      answer: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      want: {
        kind: 'failure',
        reason: 'UnexpectedStatus',
        message: 'HTTP GET /healthz on PORT returned 200',
      },
    },
    {
      name: 'complete headers decide, whatever the body does',
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n');
        drip(socket, 'x');
      },
      want: OK,
    },
    {
      name: 'the expected text in a chunked body that never ends',
      probe: { expectBody: 'alive' },
      answer: (socket) =>
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nali\r\n2\r\nve\r\n'),
      want: OK,
    },
    {
      name: 'the expected text beside bytes that are no UTF-8',
      probe: { expectBody: 'alive' },
      answer: (socket) => {
        socket.write('HTTP/1.1 200 \xff\r\n\r\n', 'latin1');
        socket.end(Buffer.from([0xff, 0xc0, ...Buffer.from('alive')]));
      },
      want: OK,
    },
    {
      name: 'another body',
      probe: { expectBody: 'alive' },
      answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret'),
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'HTTP GET /healthz on PORT returned a body without the expected text',
      },
    },
    {
      name: 'a body without end and without the text',
      probe: { expectBody: 'alive' },
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        flood(socket, 'x'.repeat(10_000));
      },
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'HTTP GET /healthz on PORT returned a body without the expected text',
      },
    },
    {
      name: 'the text behind the part of the body that is read',
      probe: { expectBody: 'alive' },
      answer: (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(65_532)}alive`),
      want: {
        kind: 'failure',
        reason: 'UnexpectedAnswer',
        message: 'HTTP GET /healthz on PORT returned a body without the expected text',
      },
    },
    {
      name: 'the text at the end of that part',
      probe: { expectBody: 'alive' },
      answer: (socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(65_531)}alive`),
      want: OK,
    },
    {
      name: 'headers without end',
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, 'X: y\r\n'.repeat(100));
      },
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'PORT answered with more than 32 KiB of headers',
      },
    },
    {
      name: 'a header line that drips',
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nX: ');
        drip(socket, 'y');
      },
      want: NO_ANSWER,
    },
    { name: 'silence', answer: () => {}, want: NO_ANSWER },
    {
      name: 'a peer that closes its side without a word',
      answer: (socket) => socket.end(),
      want: {
        kind: 'failure',
        reason: 'ConnectionClosed',
        message: 'PORT closed the connection without an answer',
      },
    },
    {
      name: 'a close within the headers',
      answer: (socket) => socket.end('HTTP/1.1 200 OK\r\nX'),
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'PORT answered with an answer that ends within its headers',
      },
    },
    {
      name: 'a reset within the answer',
      answer: (socket) => socket.write('HTTP/1.1 2', () => socket.resetAndDestroy()),
      want: { kind: 'failure', reason: 'ConnectionClosed', message: 'PORT reset the connection' },
    },
    {
      name: 'another protocol',
      answer: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
      want: {
        kind: 'failure',
        reason: 'ProtocolError',
        message: 'PORT answered with something other than HTTP/1',
      },
    },
  ];

  test.each(cases)('$name', async ({ probe, answer, want }) => {
    server = await serve((socket) => socket.once('data', () => answer(socket)));
    const { value, ms } = await timed(run(aProbe(probe), server.target, aRun(300)));
    expect(masked(value, server.port)).toEqual(want);
    expect(ms).toBeLessThan(600);
  });

  test('in a scripted sequence are judged one by one, each on a connection of its own', async () => {
    const script = [200, 500, 200, 404, 301];
    server = await serve((socket, index) =>
      socket.once('data', () => socket.end(`HTTP/1.1 ${script[index]} x\r\n\r\n`)),
    );
    const kinds: string[] = [];
    for (const _ of script) {
      kinds.push((await run(aProbe(), server.target, aRun(300))).kind);
    }
    expect(kinds).toEqual(['success', 'failure', 'success', 'failure', 'success']);
    expect(server.sockets).toHaveLength(5);
    expect(timeWaits(server.port)).toBe(0);
  });

  test('over IPv6', async () => {
    server = await serve((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')), '::1');
    expect(await run(aProbe(), server.target, aRun(300))).toEqual(OK);
    expect(server.received().toString()).toContain(`Host: [::1]:${server.port}\r\n`);
  });
});

describe('without a connection', () => {
  test('refused', async () => {
    const port = await closedPort();
    expect(await run(aProbe(), targetOf(port), aRun(300))).toEqual({
      kind: 'failure',
      reason: 'ConnectionRefused',
      message: `connection refused on ${port}`,
    });
  });

  test('a black hole ends at the deadline', async () => {
    const { target, stop } = await aFullListener();
    const { value, ms } = await timed(run(aProbe(), target, aRun(300)));
    await stop();
    expect(value).toMatchObject({
      reason: 'Timeout',
      message: `no answer from ${target.port} within 300 ms`,
    });
    expect(ms).toBeLessThan(600);
  });

  test('settings that cannot be sent are not the fault of the target', async () => {
    server = await serve(() => {});
    expect(await run(aProbe({ path: '/a b' }), server.target, aRun(300))).toMatchObject({
      kind: 'unknown',
      cause: 'InvalidSettings',
    });
    expect(server.sockets).toHaveLength(0);
  });

  test('cancelling ends a run under way', async () => {
    server = await serve(() => {});
    const one = aRun(5000);
    const outcome = run(aProbe(), server.target, one);
    const { sockets } = server;
    await eventually(() => sockets.length === 1, 'connected');
    one.cancel?.();
    expect(await outcome).toMatchObject({ kind: 'unknown', cause: 'Cancelled' });
    await eventually(() => sockets.every((socket) => socket.destroyed), 'the connection is gone');
  });
});

describe('HTTPS', () => {
  let certificates: TestCertificates;
  beforeAll(() => {
    certificates = makeTestCertificates();
  });
  afterAll(() => certificates.remove());

  let tls: Server | undefined;
  afterEach(async () => {
    await (tls === undefined ? undefined : close(tls));
    tls = undefined;
  });

  async function serveTls(
    options: TlsOptions,
  ): Promise<{ readonly port: number; readonly names: unknown[] }> {
    const names: unknown[] = [];
    tls = createTlsServer(options, (socket) => {
      names.push(socket.servername);
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    });
    tls.on('tlsClientError', () => {});
    await listen(tls);
    return { port: addressOf(tls).port, names };
  }

  const cases: readonly {
    readonly name: string;
    readonly names: string;
    readonly days?: number;
    readonly probe: Partial<HttpProbe>;
    readonly authority?: 'ca' | 'otherCa' | 'system';
    readonly want: unknown;
  }[] = [
    { name: 'a certificate for the address', names: 'IP:127.0.0.1', probe: {}, want: OK },
    {
      name: 'a certificate for the host',
      names: 'DNS:example.com',
      probe: { host: 'example.com' },
      want: OK,
    },
    {
      name: 'a certificate for another name',
      names: 'DNS:secret.example.com',
      probe: { host: 'example.com' },
      want: {
        kind: 'failure',
        reason: 'TlsFailed',
        message: 'TLS to PORT failed: the certificate is not valid for example.com',
      },
    },
    {
      name: 'an expired certificate',
      names: 'IP:127.0.0.1',
      days: -1,
      probe: {},
      want: { kind: 'failure', reason: 'TlsFailed', message: 'TLS to PORT failed: certificate has expired' },
    },
    {
      name: 'another authority',
      names: 'IP:127.0.0.1',
      authority: 'otherCa',
      probe: {},
      want: {
        kind: 'failure',
        reason: 'TlsFailed',
        message: 'TLS to PORT failed: certificate is signed by an unknown authority',
      },
    },
    {
      name: "the system's authorities",
      names: 'IP:127.0.0.1',
      authority: 'system',
      probe: {},
      want: {
        kind: 'failure',
        reason: 'TlsFailed',
        message: 'TLS to PORT failed: certificate is signed by an unknown authority',
      },
    },
    {
      name: 'no verification',
      names: 'DNS:x',
      days: -1,
      authority: 'system',
      probe: { verifyTls: false },
      want: OK,
    },
  ];

  test.each(cases)('$name', async ({ names, days, probe, authority = 'ca', want }) => {
    const { port } = await serveTls(certificates.issue(names, days));
    const caCert = authority === 'system' ? {} : { caCert: certificates[authority].cert };
    const probed = aProbe({ scheme: 'HTTPS', timeoutMs: 2000, ...caCert, ...probe });
    expect(masked(await run(probed, targetOf(port), aRun(2000)), port)).toEqual(want);
    expect(timeWaits(port)).toBe(0);
  });

  test('sends the host as server name and never an address', async () => {
    const { port, names } = await serveTls(certificates.issue('DNS:example.com'));
    for (const host of [{ host: 'example.com' }, {}]) {
      await run(aProbe({ scheme: 'HTTPS', verifyTls: false, ...host }), targetOf(port), aRun(2000));
    }
    expect(names).toEqual(['example.com', false]);
  });

  test('a caCert that is none is a fault of the settings', async () => {
    expect(await run(aProbe({ scheme: 'HTTPS', caCert: 'nonsense' }), targetOf(1), aRun(300))).toMatchObject({
      kind: 'unknown',
      cause: 'InvalidSettings',
    });
  });

  test('a server that demands a client certificate', async () => {
    const { port } = await serveTls({
      ...certificates.issue('IP:127.0.0.1'),
      requestCert: true,
      rejectUnauthorized: true,
      ca: certificates.ca.cert,
    });
    const outcome = await run(aProbe({ scheme: 'HTTPS', verifyTls: false }), targetOf(port), aRun(2000));
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'TlsFailed' });
  });

  describe('with a client certificate', () => {
    const aClientProbe = (fields: Partial<HttpProbe> = {}): HttpProbe =>
      aProbe({
        scheme: 'HTTPS',
        verifyTls: false,
        timeoutMs: 2000,
        clientCertSecretName: 'client',
        ...fields,
      });

    async function demanding(): Promise<Target> {
      const { port } = await serveTls({
        ...certificates.issue('IP:127.0.0.1'),
        requestCert: true,
        rejectUnauthorized: true,
        ca: certificates.ca.cert,
      });
      return targetOf(port);
    }

    function shownBy({ cert, key }: CertificateWithKey): ReturnType<typeof aHttpProber> {
      return aHttpProber({ clientCertificates: () => ({ clientCert: cert, clientKey: key }) });
    }

    test('a server that demands one lets the probe in', async () => {
      const prober = shownBy(certificates.issue('DNS:probe'));
      expect(await prober.run(aClientProbe(), await demanding(), aRun(2000))).toEqual(OK);
    });

    test('of another authority the server refuses it', async () => {
      const outcome = await shownBy(certificates.otherCa).run(aClientProbe(), await demanding(), aRun(2000));
      expect(outcome).toMatchObject({ kind: 'failure' });
    });

    const unusable: readonly {
      readonly name: string;
      readonly found: ClientCertificateResult;
      readonly want: { readonly cause: string; readonly message: string };
    }[] = [
      {
        name: 'a missing Secret',
        found: { missing: 'Secret my-ns/client does not exist' },
        want: { cause: 'CredentialsMissing', message: 'Secret my-ns/client does not exist' },
      },
      {
        name: 'a Secret of another type',
        found: { invalid: 'Secret my-ns/client must be of type kubernetes.io/tls' },
        want: {
          cause: 'CredentialsInvalid',
          message: 'Secret my-ns/client must be of type kubernetes.io/tls',
        },
      },
      {
        name: 'a Secret with nonsense',
        found: { clientCert: 'nonsense', clientKey: 'secret' },
        want: {
          cause: 'CredentialsInvalid',
          message: 'Secret my-ns/client: tls.crt and tls.key are no PEM certificate with its key',
        },
      },
    ];
    test.each(unusable)(
      '$name is not the fault of the target, which hears nothing',
      async ({ found, want }) => {
        server = await serve(() => {});
        const prober = aHttpProber({ clientCertificates: () => found });
        const outcome = await prober.run(aClientProbe(), server.target, aRun(2000));
        expect(outcome).toEqual({ kind: 'unknown', ...want });
        expect(server.sockets).toHaveLength(0);
      },
    );

    test('a key of another certificate is named', async () => {
      const [{ cert }, { key }] = [certificates.issue('DNS:a'), certificates.issue('DNS:b')];
      const outcome = await shownBy({ cert, key }).run(aClientProbe(), targetOf(1), aRun(2000));
      expect(outcome).toMatchObject({ kind: 'unknown', cause: 'CredentialsInvalid' });
    });

    test('over plain HTTP none is needed', async () => {
      server = await serve((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')));
      expect(await run(aClientProbe({ scheme: 'HTTP' }), server.target, aRun(2000))).toEqual(OK);
    });
  });

  test('a redirect from plain HTTP takes any certificate, one from HTTPS none that does not verify', async () => {
    const { port } = await serveTls(certificates.issue('DNS:example.com'));
    const location = `https://127.0.0.1:${port}/`;
    server = await serve((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 302 x\r\nLocation: ${location}\r\n\r\n`)),
    );
    const target = { ...server.target, declaredPorts: [port] };
    expect(
      await run(aProbe({ timeoutMs: 2000, codes: [{ from: 200, to: 200 }] }), target, aRun(2000)),
    ).toEqual(OK);
    expect(await run(aProbe({ scheme: 'HTTPS', timeoutMs: 2000 }), targetOf(port), aRun(2000))).toMatchObject(
      {
        reason: 'TlsFailed',
      },
    );
  });

  test('a server without TLS', async () => {
    server = await serve((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const outcome = await run(aProbe({ scheme: 'HTTPS' }), server.target, aRun(2000));
    expect(masked(outcome, server.port)).toEqual({
      kind: 'failure',
      reason: 'TlsFailed',
      message: 'TLS to PORT failed: the server does not speak TLS',
    });
  });

  test('a server that never answers the handshake', async () => {
    server = await serve(() => {});
    const { value, ms } = await timed(run(aProbe({ scheme: 'HTTPS' }), server.target, aRun(300)));
    expect(masked(value, server.port)).toMatchObject({
      reason: 'Timeout',
      message: 'no TLS handshake with PORT within 300 ms',
    });
    expect(ms).toBeLessThan(600);
  });

  test('a server that closes within the handshake', async () => {
    server = await serve((socket) => socket.once('data', () => socket.end()));
    const outcome = await run(aProbe({ scheme: 'HTTPS' }), server.target, aRun(300));
    expect(masked(outcome, server.port)).toMatchObject({
      reason: 'ConnectionClosed',
      message: 'PORT closed the connection during the TLS handshake',
    });
  });
});
