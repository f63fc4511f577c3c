import { afterEach, expect, test } from 'vitest';
import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { createProbers } from '#lib/probe/probers/registry.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { type OneRun, runOnce } from '../../../../../dev/workload/one-run.ts';
import {
  aRun,
  closedPort,
  type LoopbackServer,
  serve,
  targetOf,
} from '../../../../support/loopback-server.ts';

const common = { port: 1, timeoutMs: 300, successThreshold: 1, failureThreshold: 1 } as const;

const probes: readonly Probe[] = [
  { ...common, kind: 'tcp' },
  {
    ...common,
    kind: 'http',
    scheme: 'HTTP',
    method: 'GET',
    path: '/',
    headers: [],
    verifyTls: true,
    version: 'HTTP1',
    connection: 'Fresh',
  },
  { ...common, kind: 'grpc', service: '' },
  { ...common, kind: 'postgresql', query: 'select 1' },
];

const probers = createProbers({
  clock: systemClock,
  credentials: (namespace, name) => ({ missing: `Secret ${namespace}/${name} not found` }),
  clientCertificates: (namespace, name) => ({ missing: `Secret ${namespace}/${name} not found` }),
  onSessionEnd: () => {},
  version: '1.2.3',
});

function run(probe: Probe, target: Target, one: OneRun): Promise<ProbeOutcome> {
  return runOnce(probers.run, probe, target, one);
}

let server: LoopbackServer | undefined;
afterEach(async () => {
  await probers.stop();
  await server?.stop();
});

test.each(probes)('$kind has a prober', async (probe) => {
  const port = await closedPort();
  expect(await run(probe, targetOf(port), aRun(300))).toMatchObject({
    kind: 'failure',
    reason: 'ConnectionRefused',
  });
});

test.each(probes)('$kind never looks up a name', async (probe) => {
  expect(await run(probe, targetOf(80, 'localhost'), aRun(300))).toMatchObject({
    kind: 'unknown',
    cause: 'InvalidSettings',
  });
});

test.each(probes)('$kind does not reject whatever the target holds', async (probe) => {
  expect(await run(probe, targetOf(70_000), aRun(300))).toMatchObject({ kind: 'unknown' });
});

test('names the product and its version to HTTP servers', async () => {
  server = await serve((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')));
  const [, http] = probes;
  expect(http === undefined ? undefined : await run(http, server.target, aRun(300))).toEqual({
    kind: 'success',
  });
  expect(server.received().toString()).toContain('User-Agent: service-with-healthchecks/1.2.3\r\n');
});

test('a Secret that is not there is told in the words of the lookup', async () => {
  const [, , , postgresql] = probes;
  const probe = { ...postgresql, secretName: 'cred-secret' } as Probe;
  expect(await run(probe, targetOf(5432), aRun(300))).toEqual({
    kind: 'unknown',
    cause: 'CredentialsMissing',
    message: 'Secret my-ns/cred-secret not found',
  });
});
