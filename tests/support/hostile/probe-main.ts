/**
 * Probes the hostile servers as a program of its own, which `node --expose-gc` must run. Prints one line of JSON for
 * each server, then one for good targets alone and one for them beside all servers. Arguments: the ports of the hostile servers as JSON,
 * the port of the good one, and, if only some servers are meant, a part of their ids.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { runOnce } from '../../../dev/workload/one-run.ts';
import { aRun, targetOf } from '../loopback-server.ts';
import { HOSTILE_SERVERS, idOf } from './corpus.ts';
import { HOSTILE_TIMEOUT_MS, type HostileServer } from './hostile-server.ts';
import { HTTP_PROBE } from './http-servers.ts';
import { hostileProbers, loggedPool, receivedBytes, requestOf } from './probing.ts';
import type { CrowdReport, ServerReport } from './report.ts';

const CONCURRENT = 8;
const ROUNDS = 2;
const NOISE_BYTES = 10_000;
const NEIGHBOUR_PERIOD_MS = 100;
const CROWD_NEIGHBOURS = 50;
const CROWD_RUNS = 6;

const [portsText = '{}', goodPortText = '0', part = ''] = process.argv.slice(2);
// Written by `serve-main.ts`.
const ports = JSON.parse(portsText) as Readonly<Record<string, number>>;
const goodPort = Number(goodPortText);
const GOOD_PROBE = { ...HTTP_PROBE, timeoutMs: NEIGHBOUR_PERIOD_MS * 10 };
const takeReceived = receivedBytes();

/** In use once nothing more is released: work that was called off may still end, such as the hash of a password. */
async function settledBytes(): Promise<number> {
  let before = Number.POSITIVE_INFINITY;
  let bytes = liveBytes();
  while (bytes < before - NOISE_BYTES) {
    await wait(30);
    before = bytes;
    bytes = liveBytes();
  }
  return bytes;
}

function liveBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function reasonOf(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'success':
      return 'success';
    case 'failure':
      return outcome.reason;
    case 'unknown':
      return `unknown: ${outcome.message}`;
  }
}

/** Whether a good target's run has ended as it must not; the end of the measurement calls runs off. */
function isWrong(outcome: ProbeOutcome): boolean {
  return outcome.kind !== 'success' && !(outcome.kind === 'unknown' && outcome.cause === 'Cancelled');
}

/** Time in which this process could not run: on a machine that is busy otherwise no deadline can be kept. */
let lostMs = 0;
const TICK_MS = 5;
let lastTickMs = performance.now();
/** The most that this process itself has worked between two ticks: what it keeps others waiting for. */
let longestTurnMs = 0;
let lastCpu = process.threadCpuUsage();
setInterval(() => {
  const nowMs = performance.now();
  const cpu = process.threadCpuUsage(lastCpu);
  lastCpu = process.threadCpuUsage();
  longestTurnMs = Math.max(longestTurnMs, (cpu.user + cpu.system) / 1000);
  lostMs += Math.max(0, nowMs - lastTickMs - 2 * TICK_MS);
  lastTickMs = nowMs;
}, TICK_MS).unref();

interface Batch {
  readonly reasons: readonly string[];
  readonly messages: readonly string[];
  readonly slowestMs: number;
}

const probers = hostileProbers();

async function batch({ probe }: HostileServer, port: number): Promise<Batch> {
  const runs = await Promise.all(
    Array.from({ length: CONCURRENT }, async (_, index) => {
      const startedMs = performance.now();
      const lostBefore = lostMs;
      const target = { ...targetOf(port), podUid: `uid-${index}` };
      const outcome = await runOnce(probers.run, probe, target, aRun(HOSTILE_TIMEOUT_MS));
      probers.forget(target);
      return { outcome, ms: performance.now() - startedMs - (lostMs - lostBefore) };
    }),
  );
  return {
    reasons: runs.map(({ outcome }) => reasonOf(outcome)),
    messages: runs.map(({ outcome }) => ('message' in outcome ? outcome.message : '')),
    slowestMs: Math.max(...runs.map(({ ms }) => ms)),
  };
}

/** The most that was in use at one time while the work was under way. */
async function peakOf(work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let isOver = false;
  void work.then(() => (isOver = true));
  while (!isOver) {
    await wait(60);
    if (!isOver) peak = Math.max(peak, liveBytes());
  }
  return peak;
}

async function probeOne(server: HostileServer): Promise<ServerReport> {
  const port = ports[idOf(server)] ?? 0;
  takeReceived();
  let latestMs = 0;
  const failed: string[] = [];
  const neighbour = loggedPool({
    started: (_id, lateMs) => (latestMs = Math.max(latestMs, lateMs)),
    finished: (_id, outcome) => isWrong(outcome) && failed.push(reasonOf(outcome)),
  });
  neighbour.pool.assign('good', [requestOf('good', goodPort, GOOD_PROBE, NEIGHBOUR_PERIOD_MS)]);
  const cpuBefore = process.cpuUsage();
  const timed = await batch(server, port);
  const cpu = process.cpuUsage(cpuBefore);
  await neighbour.stop();
  const bytes = takeReceived();
  takeReceived();
  const before = await settledBytes();
  const batches = [timed];
  let peak = before;
  for (let round = 0; round < ROUNDS; round++) {
    takeReceived();
    const work = batch(server, port);
    peak = Math.max(peak, await peakOf(work));
    batches.push(await work);
  }
  // The sockets that were counted are not to be found in what has grown.
  takeReceived();
  return {
    id: idOf(server),
    want: server.want,
    reasons: [...new Set(batches.flatMap(({ reasons }) => reasons))],
    message: timed.messages[0] ?? '',
    longestMessage: Math.max(...batches.flatMap(({ messages }) => messages.map(({ length }) => length))),
    slowestMs: Math.max(...batches.map(({ slowestMs }) => slowestMs)),
    cpuMs: (cpu.user + cpu.system) / 1000 / CONCURRENT,
    receivedBytes: bytes / CONCURRENT,
    grownBytes: (await settledBytes()) - before,
    inFlightBytes: (peak - before) / CONCURRENT,
    neighbourLateMs: latestMs,
    neighbourFailures: failed,
  };
}

async function probeAll(servers: readonly HostileServer[]): Promise<CrowdReport> {
  const late: number[] = [];
  const failed: string[] = [];
  const runs = new Map<string, number>();
  let hostileRuns = 0;
  const isGood = (id: string): boolean => id.startsWith('good ');
  const { pool, stop } = loggedPool({
    started: (id, lateMs) => void (isGood(id) && late.push(lateMs)),
    finished: (id, outcome) => {
      if (!isGood(id)) hostileRuns++;
      else if (isWrong(outcome)) failed.push(reasonOf(outcome));
      runs.set(id, (runs.get(id) ?? 0) + 1);
    },
  });
  pool.assign(
    'hostile',
    servers.map((server) => requestOf(idOf(server), ports[idOf(server)] ?? 0, server.probe, 1000)),
  );
  const good = Array.from({ length: CROWD_NEIGHBOURS }, (_, index) => `good ${index}`);
  pool.assign(
    'good',
    good.map((id) => requestOf(id, goodPort, GOOD_PROBE, 1000)),
  );
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  longestTurnMs = 0;
  while (good.some((id) => (runs.get(id) ?? 0) < CROWD_RUNS)) await wait(20);
  const cpu = process.cpuUsage(cpuBefore);
  const elapsedMs = performance.now() - startedMs;
  await stop();
  late.sort((a, b) => a - b);
  const at = (share: number): number => late[Math.floor(late.length * share)] ?? 0;
  return {
    hostile: servers.length,
    goodRuns: late.length,
    hostileRuns,
    failed,
    medianLateMs: at(0.5),
    p99LateMs: at(0.99),
    latestMs: late.at(-1) ?? 0,
    longestTurnMs,
    busyShare: (cpu.user + cpu.system) / 1000 / elapsedMs,
  };
}

const chosen = HOSTILE_SERVERS.filter((server) => idOf(server).includes(part));
for (const server of chosen) process.stdout.write(`${JSON.stringify(await probeOne(server))}\n`);
for (const servers of [[], chosen]) process.stdout.write(`${JSON.stringify(await probeAll(servers))}\n`);
await probers.stop();
