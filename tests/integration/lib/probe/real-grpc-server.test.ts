import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrpcProbe, HttpProbe, Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { createProbers, type Probers } from '#lib/probe/probers/registry.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { pickFreePort } from '../../../../dev/cluster/free-port.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { providePrograms } from '../../../../dev/toolchain/toolchain.ts';
import { runOnce } from '../../../../dev/workload/one-run.ts';
import { aRun, targetOf } from '../../../support/loopback-server.ts';
import { makeTestCertificates, type TestCertificates } from '../../../support/test-certificates.ts';

const ADDRESS = '127.0.0.1';
const COMMON = { port: 1, timeoutMs: 5000, successThreshold: 1, failureThreshold: 1 } as const;
const OK = { kind: 'success' };

let host: ProcessHost;
let certificates: TestCertificates;
let probers: Probers;
let port: number;

/** An etcd that speaks gRPC and HTTP/2 over TLS, by the libraries of Go, and wants a certificate of its clients. */
beforeAll(async () => {
  host = ProcessHost.open();
  certificates = makeTestCertificates();
  const folder = host.directory('etcd');
  const server = certificates.issue(`IP:${ADDRESS}`);
  const client = certificates.issue('DNS:probe');
  writeFileSync(join(folder, 'ca.crt'), certificates.ca.cert);
  writeFileSync(join(folder, 'server.crt'), server.cert);
  writeFileSync(join(folder, 'server.key'), server.key);
  port = await pickFreePort(ADDRESS);
  const peerPort = await pickFreePort(ADDRESS);
  const { etcd } = await providePrograms(['etcd']);
  await host.start({
    name: 'etcd-with-tls',
    disposable: true,
    command: etcd,
    args: [
      `--data-dir=${join(folder, 'data')}`,
      `--listen-client-urls=https://${ADDRESS}:${port}`,
      `--advertise-client-urls=https://${ADDRESS}:${port}`,
      `--listen-peer-urls=http://${ADDRESS}:${peerPort}`,
      `--initial-advertise-peer-urls=http://${ADDRESS}:${peerPort}`,
      `--initial-cluster=default=http://${ADDRESS}:${peerPort}`,
      `--cert-file=${join(folder, 'server.crt')}`,
      `--key-file=${join(folder, 'server.key')}`,
      `--trusted-ca-file=${join(folder, 'ca.crt')}`,
      '--client-cert-auth',
    ],
  });
  probers = createProbers({
    clock: systemClock,
    credentials: () => ({ missing: 'there is none' }),
    clientCertificates: () => ({ clientCert: client.cert, clientKey: client.key }),
    onSessionEnd: () => {},
    version: 'test',
  });
  await waitFor('etcd to serve', async () =>
    (await run(grpcProbe())).kind === 'success' ? true : undefined,
  );
}, 120_000);

afterAll(async () => {
  await probers.stop();
  certificates.remove();
  await host.close();
});

function run(probe: Probe): Promise<ProbeOutcome> {
  return runOnce(probers.run, probe, targetOf(port), aRun(probe.timeoutMs));
}

function grpcProbe(service = '', secret: string | undefined = 'client'): GrpcProbe {
  const tls = {
    verifies: true,
    caCert: certificates.ca.cert,
    ...(secret && { clientCertSecretName: secret }),
  };
  return { ...COMMON, kind: 'grpc', service, tls };
}

function httpProbe(fields: Partial<HttpProbe>): HttpProbe {
  return {
    ...{ ...COMMON, kind: 'http', scheme: 'HTTPS', method: 'GET', path: '/health', headers: [] },
    ...{ verifyTls: true, caCert: certificates.ca.cert, clientCertSecretName: 'client' },
    ...{ version: 'HTTP2', connection: 'Fresh', expectBody: '"health":"true"' },
    ...fields,
  };
}

describe('gRPC', () => {
  test('a service that is there', async () => {
    expect(await run(grpcProbe())).toEqual(OK);
  });

  test('a service that is not', async () => {
    expect(await run(grpcProbe('shop.v1.Cart'))).toMatchObject({ kind: 'failure', reason: 'NotServing' });
  });

  test('no certificate, where one is wanted', async () => {
    const probe = grpcProbe('', '');
    expect(await run(probe)).toMatchObject({ kind: 'failure', reason: 'TlsFailed' });
  });
});

describe('HTTP/2', () => {
  test.each([
    { name: 'asked for', fields: {} },
    { name: 'negotiated', fields: { version: 'Negotiated' } },
    {
      name: 'a connection for many requests',
      fields: { connection: 'Kept', path: '/version', expectBody: 'etcd' },
    },
  ] as const)('$name', async ({ fields }) => {
    for (let count = 0; count < 50; count++) expect(await run(httpProbe(fields))).toEqual(OK);
  });

  test('a body longer than what is read', async () => {
    const probe = httpProbe({ connection: 'Kept', path: '/metrics', expectBody: 'no such metric' });
    for (let count = 0; count < 3; count++) {
      expect(await run(probe)).toMatchObject({ kind: 'failure', reason: 'UnexpectedAnswer' });
    }
  });
});
