/** What one gRPC health check costs its client: ours, one over node:http2, and the official library, in turns. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import {
  decodeHealthCheckResponse,
  encodeHealthCheckRequest,
} from '#lib/probe/probers/grpc-health-message.ts';
import { createGrpcProber } from '#lib/probe/probers/grpc-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { runOnce } from '../dev/workload/one-run.ts';
import { distributionOf } from './measure/distribution.ts';

const ROUNDS = 5;
const AT_ONCE = 16;
const CHECKS = 1600;
const TIMEOUT_MS = 10_000;
const METHOD = '/grpc.health.v1.Health/Check';
const PEER = fileURLToPath(new URL('rig/grpc-peer.ts', import.meta.url));

/** One check over a connection of its own; fails unless the answer is SERVING. */
type Check = (port: number) => Promise<void>;

const prober = createGrpcProber({
  clock: systemClock,
  tlsContexts: new TlsContexts(),
  clientCertificates: () => ({ missing: 'no Secrets in a benchmark' }),
  userAgent: 'service-with-healthchecks/benchmark',
});

async function ours(port: number): Promise<void> {
  const thresholds = { successThreshold: 1, failureThreshold: 1 };
  const probe: GrpcProbe = { kind: 'grpc', port, timeoutMs: TIMEOUT_MS, service: '', ...thresholds };
  const target = { namespace: 'default', podName: 'p', podUid: 'uid', address: '127.0.0.1', port };
  const deadlineMs = systemClock.monotonicMs() + TIMEOUT_MS;
  const outcome = await runOnce(prober, probe, target, { deadlineMs, cancel: undefined });
  if (outcome.kind !== 'success') throw new Error(outcome.message);
}

function overNodeHttp2(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    const session = connectHttp2('http://127.0.0.1', { createConnection: () => socket });
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': METHOD,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let body = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => {
      body = Buffer.concat([body, bytes]);
    });
    stream.on('error', reject);
    stream.on('end', () => {
      if (decodeHealthCheckResponse(body) === 'SERVING') resolve();
      else reject(new Error('not serving'));
      socket.resetAndDestroy();
      session.destroy();
    });
    stream.end(encodeHealthCheckRequest(''));
  });
}

function official(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Clients of equal settings share a connection unless told otherwise.
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    const identity = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest(METHOD, identity, identity, Buffer.alloc(0), (error, bytes) => {
      client.close();
      if (error === null && bytes?.at(-1) === 1) resolve();
      else reject(error ?? new Error('not serving'));
    });
  });
}

const WAYS: readonly (readonly [name: string, check: Check])[] = [
  ['ours', ours],
  ['node:http2', overNodeHttp2],
  ['@grpc/grpc-js', official],
];

const peer = spawn(process.execPath, [PEER], { stdio: ['pipe', 'pipe', 'inherit'] });
try {
  const [line]: unknown[] = await once(peer.stdout, 'data');
  const port = Number(String(line));
  const costs = new Map(WAYS.map(([name]): [string, number[]] => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, check] of WAYS) {
      const microseconds = await costOf(check, port);
      // The first round warms the machine code up.
      if (round > 0) costs.get(name)?.push(microseconds);
    }
  }
  for (const [name, measured] of costs) {
    const { p50, max } = distributionOf(measured);
    console.log(
      `${name.padEnd(14)} ${p50.toFixed(0).padStart(5)} µs CPU a check (median of ${ROUNDS} rounds, worst ${max.toFixed(0)})`,
    );
  }
} finally {
  peer.kill();
}

/** CPU time of one check in microseconds, user and system. */
async function costOf(check: Check, port: number): Promise<number> {
  const before = process.cpuUsage();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let count = 0; count < CHECKS / AT_ONCE; count++) await check(port);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CHECKS;
}
