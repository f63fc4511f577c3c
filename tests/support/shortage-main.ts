/**
 * Probes good targets as the agent does, uses up what its argument names, `descriptors` or `ports`, lets go of it
 * again, and prints its log and then what has become of the probes, in JSON. Is to be run with a low limit of open
 * files, or in a network namespace of its own, whose local ports it reduces to a few.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProbePool } from '#lib/probe/probe-pool.ts';
import { RunStallWitness } from '#lib/probe/run-stall-witness.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { createAgentMetrics } from '../../images/agent/src/metrics.ts';
import { logShortages } from '../../images/agent/src/shortage-log.ts';
import { HTTP_PROBE } from './hostile/http-servers.ts';
import { hostileProbers, requestOf } from './hostile/probing.ts';
import { notedProber } from './noted-prober.ts';

const TARGETS = 10;
const PERIOD_MS = 100;
const LOCAL_PORTS = '40000 40007';

/** The number of runs of each target by outcome. */
type Counts = Map<string, Map<string, number>>;

const server = spawn(
  process.execPath,
  [fileURLToPath(new URL('hostile/serve-main.ts', import.meta.url)), 'good'],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
const [line]: unknown[] = await once(server.stdout, 'data');
const port = Number(String(line).replaceAll(/\D/g, ''));

const metrics = createMetrics();
const logger = createJsonLogger({ level: 'info' });
const observer = createAgentMetrics(metrics, {
  targets: () => 0,
  queueDepth: () => 0,
  isTracked: () => true,
}).probes;
const probers = hostileProbers();
const counts: Counts = new Map();
let flips = 0;
const pool = new ProbePool({
  clock: systemClock,
  prober: notedProber(probers.run, ({ podName }, outcome) => {
    const key = outcome.kind === 'unknown' ? outcome.cause : outcome.kind;
    const ofTarget = counts.get(podName) ?? new Map<string, number>();
    counts.set(podName, ofTarget.set(key, (ofTarget.get(key) ?? 0) + 1));
  }),
  stalls: new RunStallWitness(systemClock),
  observer: logShortages({ clock: systemClock, logger }, observer),
  sentinels: { hold: () => {}, release: () => {} },
  release: () => {},
  onChange: () => flips++,
});
const ids = Array.from({ length: TARGETS }, (_, index) => `web-${index}`);
const probe = { ...HTTP_PROBE, timeoutMs: 5000 };
pool.assign(
  'shop/web',
  ids.map((id) => requestOf(id, port, probe, PERIOD_MS)),
);

await untilEach('success', 2);
const flipsBefore = flips;
const isForDescriptors = process.argv[2] === 'descriptors';
const release = isForDescriptors ? takeDescriptors() : takePorts();
await untilEach(isForDescriptors ? 'NoDescriptors' : 'NoLocalPorts', 3);
const during = Object.fromEntries(ids.map((id) => [id, pool.stateOf('shop/web', id)?.verdict]));
release();
await untilEach('success', 2);
const verdicts = ids.map((id) => pool.stateOf('shop/web', id)?.verdict);
pool.stop();
await probers.stop();
const samples = (await metrics.text())
  .split('\n')
  .filter((sample) => sample.includes('kind="http",outcome="unknown"'));
const report = { flips: flips - flipsBefore, during: Object.values(during), verdicts, samples };
process.stdout.write(`${JSON.stringify(report)}\n`);
server.stdin.end();

/** Waits until every target has had so many further runs of that outcome. */
async function untilEach(key: string, runs: number): Promise<void> {
  const before = new Map(ids.map((id) => [id, counts.get(id)?.get(key) ?? 0]));
  const isShort = (id: string): boolean => (counts.get(id)?.get(key) ?? 0) < (before.get(id) ?? 0) + runs;
  const deadlineMs = performance.now() + 60_000;
  while (ids.some(isShort)) {
    if (performance.now() > deadlineMs) throw new Error(`not every target had ${runs} runs of ${key}`);
    await wait(20);
  }
}

/** Keeps all descriptors, those that end runs give back included. */
function takeDescriptors(): () => void {
  const taken: number[] = [];
  const take = (): void => {
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      // None is left.
    }
  };
  const timer = setInterval(take, 5);
  take();
  return () => {
    clearInterval(timer);
    for (const descriptor of taken) closeSync(descriptor);
  };
}

/** Keeps all local ports from which the target can be reached. */
function takePorts(): () => void {
  writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', LOCAL_PORTS);
  const taken = new Set<Socket>();
  const take = (): void => {
    const socket = connect(port, '127.0.0.1');
    taken.add(socket);
    socket.once('error', () => taken.delete(socket));
  };
  const timer = setInterval(take, 2);
  return () => {
    clearInterval(timer);
    for (const socket of taken) socket.resetAndDestroy();
  };
}
