/** What one HTTP probe costs the prober, by version, scheme and use of connections. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { createHttpProber } from '#lib/probe/probers/http-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { issueCertificates } from '../dev/cluster/certificates.ts';
import { runOnce } from '../dev/workload/one-run.ts';
import { distributionOf } from './measure/distribution.ts';

const ROUNDS = 5;
const AT_ONCE = 16;
const TIMEOUT_MS = 10_000;
const PEER = fileURLToPath(new URL('rig/http-peer.ts', import.meta.url));

interface Way {
  readonly name: string;
  readonly server: 'plain' | 'tls' | 'plain2' | 'tls2';
  readonly settings: Partial<HttpProbe>;
  /** In one round. */
  readonly probes: number;
}

const HTTPS = { scheme: 'HTTPS' } as const;
const KEPT = { connection: 'Kept' } as const;
const WAYS: readonly Way[] = [
  { name: 'HTTP/1.1, fresh', server: 'plain', settings: {}, probes: 8000 },
  { name: 'HTTP/1.1, kept', server: 'plain', settings: KEPT, probes: 8000 },
  { name: 'HTTP/1.1 over TLS, fresh', server: 'tls', settings: HTTPS, probes: 1600 },
  { name: 'HTTP/1.1 over TLS, kept', server: 'tls', settings: { ...HTTPS, ...KEPT }, probes: 8000 },
  { name: 'HTTP/2, fresh', server: 'plain2', settings: { version: 'HTTP2' }, probes: 4000 },
  { name: 'HTTP/2, kept', server: 'plain2', settings: { version: 'HTTP2', ...KEPT }, probes: 8000 },
  { name: 'HTTP/2 over TLS, fresh', server: 'tls2', settings: { ...HTTPS, version: 'HTTP2' }, probes: 1600 },
  {
    name: 'HTTP/2 over TLS, kept',
    server: 'tls2',
    settings: { ...HTTPS, version: 'HTTP2', ...KEPT },
    probes: 8000,
  },
];

const prober = createHttpProber({
  clock: systemClock,
  tlsContexts: new TlsContexts(),
  clientCertificates: () => ({ missing: 'no Secrets in a benchmark' }),
  onSessionEnd: () => {},
  userAgent: 'service-with-healthchecks/benchmark',
});

const folder = mkdtempSync(join(tmpdir(), 'swh-http-ways-'));
const { ca, certFile, keyFile } = await issueCertificates(folder, ['127.0.0.1']);
const peer = spawn(process.execPath, [PEER, certFile, keyFile], { stdio: ['pipe', 'pipe', 'inherit'] });
try {
  const [line]: unknown[] = await once(peer.stdout, 'data');
  // Written by our own program.
  const ports = JSON.parse(String(line)) as Record<Way['server'], number>;
  const costs = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [way, measured] of costs) {
      const microseconds = await costOf(way, ports[way.server]);
      // The first round warms the machine code up.
      if (round > 0) measured.push(microseconds);
    }
  }
  for (const [{ name }, measured] of costs) console.log(`${name.padEnd(26)} ${text(measured)}`);
} finally {
  prober.stop();
  peer.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** CPU time of one probe in microseconds, user and system. */
async function costOf({ settings, probes }: Way, port: number): Promise<number> {
  const probe: HttpProbe = {
    ...{ kind: 'http', port, timeoutMs: TIMEOUT_MS, successThreshold: 1, failureThreshold: 1 },
    ...{ scheme: 'HTTP', method: 'GET', path: '/healthz', headers: [], verifyTls: true, caCert: ca },
    ...{ version: 'HTTP1', connection: 'Fresh' },
    ...settings,
  };
  const before = process.cpuUsage();
  const lanes = Array.from({ length: AT_ONCE }, (_, lane) => probeAgain(probe, lane, probes / AT_ONCE));
  await Promise.all(lanes);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / probes;
}

async function probeAgain(probe: HttpProbe, lane: number, times: number): Promise<void> {
  const target = {
    namespace: 'default',
    podName: `p-${lane}`,
    podUid: `uid-${lane}`,
    address: '127.0.0.1',
    port: Number(probe.port),
  };
  for (let count = 0; count < times; count++) {
    const deadlineMs = systemClock.monotonicMs() + TIMEOUT_MS;
    const outcome = await runOnce(prober.run, probe, target, { deadlineMs, cancel: undefined });
    if (outcome.kind !== 'success') throw new Error(outcome.message);
  }
}

function text(measured: readonly number[]): string {
  const { p50, max } = distributionOf(measured);
  return `${p50.toFixed(0).padStart(5)} µs CPU a probe (median of ${measured.length} rounds, worst ${max.toFixed(0)})`;
}
