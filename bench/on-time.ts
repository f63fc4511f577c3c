/** Whether probes start when they are due while half of the targets hang or drip: 1,000 targets at 1 s. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Arrivals, Crowd, type CrowdObject } from '../dev/workload/crowd.ts';
import { agentStartDelays, type StartDelays } from './measure/agent-metrics.ts';
import type { Bar } from './measure/bar.ts';
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

const NEIGHBOURS = [8101, 8102, 8103, 8104].map((port) => anObject('good', port));
const BLACKHOLED = [8105, 8106].map((port) => anObject('blackholed', port));
const DRIPPING = [8107, 8108].map((port) => anObject('dripping', port));

function anObject(kind: string, port: number): CrowdObject {
  const http = { targetPort: port, path: '/healthz' };
  const probe = { mode: 'HTTP', http, timeoutSeconds: 1, failureThreshold: 3 };
  return {
    name: `${kind}-${port}`,
    port,
    healthcheck: { initialDelaySeconds: 0, periodSeconds: 1, probes: [probe] },
  };
}

await runBenchmark({
  usage:
    'Usage: npm run bench:on-time [-- --seconds N]\n\nMeasures how late probes start while half of the targets are blackholed or drip.',
  length: { flag: 'seconds', value: 30, help: 'how long to measure each phase' },
  measure,
});

async function measure(rig: Rig, seconds: number): Promise<readonly Bar[]> {
  const { cluster, endpoints, product } = rig;
  const objects = [...NEIGHBOURS, ...BLACKHOLED, ...DRIPPING];
  const place = { namespace: BENCH_NAMESPACE, node: BENCH_NODE };
  const crowd = await Crowd.gather(cluster, endpoints, { ...place, pods: PODS, objects });
  const agent = product.agent(BENCH_NODE);
  // All targets begin at the same moment.
  await agent.kill();
  await agent.start();
  await delay(WARM_UP_MS);
  const window = () => delay(seconds * 1000);
  const first = await agentStartDelays(agent, LONGEST_DRIFT_MS);
  const healthy = await crowd.arrivals(window);
  const between = await agentStartDelays(agent, LONGEST_DRIFT_MS);
  const faultMs = Date.now();
  const drop = await PacketDrop.open(cluster.network.node(BENCH_NODE).netns);
  for (const { port } of BLACKHOLED) await drop.add(port);
  for (const { port } of DRIPPING) await crowd.drip(port);
  const beset = await crowd.arrivals(window);
  const last = await agentStartDelays(agent, LONGEST_DRIFT_MS);
  const reference = joined(healthy, beset);
  const rows = [
    { name: 'all healthy', seen: neighbours(healthy), own: { from: first, to: between } },
    { name: 'half of them hang or drip', seen: neighbours(beset), own: { from: between, to: last } },
  ].map((row) => ({ ...row, drift: startDrift(row.seen, reference, PERIOD_MS) }));
  printTable(
    [
      'of 1,000 targets',
      'runs of the others',
      'p50, ms',
      'p99, ms',
      'max, ms',
      `agent: later than ${LONGEST_DRIFT_MS} ms`,
    ],
    rows.map(({ name, drift, own }) => [
      ...[name, String(drift.count), drift.p50.toFixed(2), drift.p99.toFixed(2), drift.max.toFixed(1)],
      lateShare(own.from, own.to),
    ]),
  );
  const spread = startSpread(healthy, PERIOD_MS, BUCKET_MS);
  const changed = NEIGHBOURS.flatMap(({ name }) => endpoints.changes(name, faultMs)).length;
  const stuck = [...BLACKHOLED, ...DRIPPING].flatMap(({ name }) => endpoints.ready(name)).length;
  const missed = missedRuns(neighbours(beset), seconds);
  return [
    {
      name: 'start drift beside bad neighbours, p99',
      measured: rows[1]?.drift.p99 ?? Number.NaN,
      unit: 'ms',
      atMost: LONGEST_DRIFT_MS,
    },
    { name: 'runs that the others missed', measured: missed, unit: 'runs', atMost: 0 },
    { name: 'slice events of the others', measured: changed, unit: 'events', atMost: 0 },
    { name: 'bad neighbours that are still endpoints', measured: stuck, unit: 'endpoints', atMost: 0 },
    {
      name: `busiest ${BUCKET_MS} ms over the mean of ${spread.mean.toFixed(0)} starts`,
      measured: spread.factor,
      unit: '×',
      atMost: 1.2,
    },
  ];
}

function neighbours(arrivals: Arrivals): Arrivals {
  const ports = NEIGHBOURS.map(({ port }) => `:${port}`);
  return new Map([...arrivals].filter(([target]) => ports.some((port) => target.endsWith(port))));
}

function joined(one: Arrivals, other: Arrivals): Arrivals {
  return new Map([...one].map(([target, times]) => [target, [...times, ...(other.get(target) ?? [])]]));
}

/** A window holds one run for each of its periods, give or take the one at its edge. */
function missedRuns(arrivals: Arrivals, seconds: number): number {
  const least = seconds - 1;
  const counts = [...arrivals.values()].map(({ length }) => Math.max(0, least - length));
  const unseen = NEIGHBOURS.length * PODS - arrivals.size;
  return counts.reduce((sum, count) => sum + count, unseen * least);
}

function lateShare(from: StartDelays, to: StartDelays): string {
  return `${((100 * (to.late - from.late)) / Math.max(1, to.all - from.all)).toFixed(2)} %`;
}
