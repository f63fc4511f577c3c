/** Whether probes start when they are due while half of the targets hang or drip: 1,000 targets at 1 s. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ProductProgram } from '../dev/cluster/product.ts';
import { type Arrivals, Crowd, type CrowdObject, crowdObject } from '../dev/workload/crowd.ts';
import { agentStartDelays, lateShareOf } from './measure/agent-metrics.ts';
import type { Bar } from './measure/bar.ts';
import type { Distribution } from './measure/distribution.ts';
import { giveRealTime } from './measure/priority.ts';
import { startDrift, startSpread } from './measure/start-drift.ts';
import { printTable } from './measure/table.ts';
import { PacketDrop } from './rig/packet-drop.ts';
import { BENCH_NAMESPACE, BENCH_NODE, type Rig } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';

const PODS = 125;
const PERIOD_MS = 1000;
const BUCKET_MS = 50;
const LONGEST_DRIFT_MS = 5;
/** After a start, until the just-in-time compiler has seen the hot paths. */
const WARM_UP_MS = 10_000;
/** After a fault, until every target that has it is out. */
const FAILING_SECONDS = 10;

const NEIGHBOURS = [8101, 8102, 8103, 8104].map((port) => anObject('good', port));
const BLACKHOLED = [8105, 8106].map((port) => anObject('blackholed', port));
const DRIPPING = [8107, 8108].map((port) => anObject('dripping', port));

function anObject(kind: string, port: number): CrowdObject {
  const http = { targetPort: port, path: '/healthz' };
  const probe = { mode: 'HTTP', http, timeoutSeconds: 1, failureThreshold: 3 };
  return crowdObject(`${kind}-${port}`, port, probe);
}

await runBenchmark({
  usage:
    'Usage: npm run bench:on-time [-- --seconds N]\n\nMeasures how late probes start while half of the targets are blackholed or drip.',
  length: { flag: 'seconds', value: 30, help: 'how long to measure each phase' },
  measure,
});

interface Phase {
  readonly name: string;
  readonly all: Arrivals;
  /** Those at the good targets. */
  readonly seen: Arrivals;
  readonly ownLateShare: string;
}

async function measure(rig: Rig, seconds: number): Promise<readonly Bar[]> {
  const { cluster, endpoints, product } = rig;
  const objects = [...NEIGHBOURS, ...BLACKHOLED, ...DRIPPING];
  const place = { namespace: BENCH_NAMESPACE, node: BENCH_NODE };
  const crowd = await Crowd.gather(cluster, endpoints, { ...place, pods: PODS, objects });
  const agent = product.agent(BENCH_NODE);
  // All targets begin at the same moment.
  await agent.kill();
  await agent.start();
  // Else what is measured is what other programs run on the machine.
  for (const { pid } of [agent.process, crowd.server]) await giveRealTime(pid);
  await delay(WARM_UP_MS);
  const healthy = await phaseOf('all healthy', { crowd, agent, seconds });
  const faultMs = Date.now();
  const drop = await PacketDrop.open(cluster.network.node(BENCH_NODE).netns);
  for (const { port } of BLACKHOLED) await drop.add(port);
  for (const { port } of DRIPPING) await crowd.drip(port);
  const failing = await phaseOf('500 of them fail', { crowd, agent, seconds: FAILING_SECONDS });
  const beset = await phaseOf('500 of them hang or drip', { crowd, agent, seconds });
  const reference = joined([healthy.seen, failing.seen, beset.seen]);
  const drifts = [healthy, failing, beset].map((phase) => startDrift(phase.seen, reference, PERIOD_MS));
  showPhases([healthy, failing, beset], drifts);
  const spread = startSpread(healthy.all, PERIOD_MS, BUCKET_MS);
  const changed = NEIGHBOURS.flatMap(({ name }) => endpoints.changes(name, faultMs)).length;
  const stuck = [...BLACKHOLED, ...DRIPPING].flatMap(({ name }) => endpoints.ready(name)).length;
  const missed = missedRuns(failing.seen, FAILING_SECONDS) + missedRuns(beset.seen, seconds);
  const drift = drifts[2]?.p99 ?? Number.NaN;
  const fullest = `busiest ${BUCKET_MS} ms, mean ${spread.mean.toFixed(0)} starts`;
  return [
    { name: 'start drift beside bad neighbours, p99', measured: drift, unit: 'ms', atMost: LONGEST_DRIFT_MS },
    { name: 'runs that the others missed', measured: missed, unit: 'runs', atMost: 0 },
    { name: 'slice events of the others', measured: changed, unit: 'events', atMost: 0 },
    { name: 'bad neighbours that are still endpoints', measured: stuck, unit: 'endpoints', atMost: 0 },
    { name: fullest, measured: spread.factor, unit: '× the mean', atMost: 1.2 },
  ];
}

async function phaseOf(
  name: string,
  { crowd, agent, seconds }: { crowd: Crowd; agent: ProductProgram; seconds: number },
): Promise<Phase> {
  const from = await agentStartDelays(agent, LONGEST_DRIFT_MS);
  const all = await crowd.arrivals(() => delay(seconds * 1000));
  const to = await agentStartDelays(agent, LONGEST_DRIFT_MS);
  return { name, all, seen: neighbours(all), ownLateShare: lateShareOf(from, to) };
}

function showPhases(phases: readonly Phase[], drifts: readonly Distribution[]): void {
  const heading = ['of 1,000 targets', 'runs of the good', 'p50, ms', 'p99, ms', 'max, ms'];
  printTable(
    [...heading, `agent: all runs later than ${LONGEST_DRIFT_MS} ms`],
    phases.map(({ name, ownLateShare }, index) => {
      const { count = 0, p50 = 0, p99 = 0, max = 0 } = drifts[index] ?? {};
      return [name, String(count), p50.toFixed(2), p99.toFixed(2), max.toFixed(1), ownLateShare];
    }),
  );
}

function neighbours(arrivals: Arrivals): Arrivals {
  const ports = NEIGHBOURS.map(({ port }) => `:${port}`);
  return new Map([...arrivals].filter(([target]) => ports.some((port) => target.endsWith(port))));
}

function joined(parts: readonly Arrivals[]): Arrivals {
  const all = Map.groupBy(
    parts.flatMap((part) => [...part]),
    ([target]) => target,
  );
  return new Map([...all].map(([target, entries]) => [target, entries.flatMap(([, times]) => times)]));
}

/** A window holds one run for each of its periods, give or take the one at its edge. */
function missedRuns(arrivals: Arrivals, seconds: number): number {
  const least = seconds - 1;
  const counts = [...arrivals.values()].map(({ length }) => Math.max(0, least - length));
  const unseen = NEIGHBOURS.length * PODS - arrivals.size;
  return counts.reduce((sum, count) => sum + count, unseen * least);
}
