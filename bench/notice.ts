/**
 * How soon a watcher of EndpointSlices sees that a target fails and that it is back, beside HAProxy that checks the
 * same targets in the same rounds. Both probe every second; we re-check after 50 ms, HAProxy after 100 ms.
 */
import type { Pod } from '#lib/core/kubernetes.ts';
import type { Bar } from './measure/bar.ts';
import { type Distribution, distributionOf } from './measure/distribution.ts';
import { Haproxy } from './peer/haproxy.ts';
import { FAULTS, type Fault } from './rig/notice-fault.ts';
import { FAST_PATH, type Lane, startLane, type Watchers } from './rig/notice-lane.ts';
import { measureRounds, type Noticed, type Round } from './rig/notice-rounds.ts';
import { PacketDrop } from './rig/packet-drop.ts';
import { BENCH_NAMESPACE, BENCH_NODE, type Rig } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';

/** Targets that fail at moments of their own: a round takes seconds, nearly all of them waiting. */
const LANES = 8;
const RECOVERY_AT_MOST_MS = 1200;

await runBenchmark({
  usage:
    'Usage: npm run bench:notice [-- --rounds N --fault NAME]\n\nMeasures the time from a fault, and from its end, to the slice update at a watcher, with HAProxy beside.',
  length: { flag: 'rounds', value: 100, help: 'rounds of each fault' },
  choice: { flag: 'fault', values: FAULTS.map(({ name }) => name), help: 'one of them only' },
  async measure(rig, rounds, chosen) {
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, index) => startLane(rig, index + 1)));
    const drop = await PacketDrop.open(rig.cluster.network.node(BENCH_NODE).netns);
    const haproxy = await startHaproxy(rig, lanes);
    try {
      const watchers = { rig, haproxy, drop };
      const faults = FAULTS.filter(({ name }) => chosen === undefined || name === chosen);
      return await measureFaults(watchers, { lanes, faults, rounds });
    } finally {
      await haproxy.stop();
    }
  },
});

async function measureFaults(
  watchers: Watchers,
  given: { readonly lanes: readonly Lane[]; readonly faults: readonly Fault[]; readonly rounds: number },
): Promise<readonly Bar[]> {
  const { lanes, faults, rounds } = given;
  const bars: Bar[] = [];
  console.log(row(['', 'ours p50', 'p99', 'max', 'HAProxy p50', 'p99', 'max', 'ratio']));
  for (const fault of faults) {
    const results = await measureRounds(watchers, lanes, { fault, rounds });
    const [failed, back] = [results.map((round) => round.fault), results.map(({ recovery }) => recovery)];
    show(fault.what, failed);
    show(fault.end, back);
    bars.push(...barsOf(fault, failed, back), ...plainBars(fault, results));
  }
  console.log(`milliseconds, ${rounds} rounds each; ratio: our max to HAProxy's\n`);
  return bars;
}

function barsOf(fault: Fault, failed: readonly Noticed[], back: readonly Noticed[]): readonly Bar[] {
  const { what, end, atMostMs, ofHaproxy } = fault;
  const [down, up] = [oursOf(failed), oursOf(back)];
  const ratio = down.max / haproxyOf(failed).max;
  return [
    { name: `${what}, p99`, measured: down.p99, unit: 'ms', atMost: atMostMs },
    { name: `${end}, p99`, measured: up.p99, unit: 'ms', atMost: RECOVERY_AT_MOST_MS },
    ...(ofHaproxy === undefined
      ? []
      : [{ name: `${what}, worst round`, measured: ratio, unit: "of HAProxy's", atMost: ofHaproxy }]),
  ];
}

/** Of the object with failureThreshold 1 and no fast period. */
function plainBars({ name }: Fault, rounds: readonly Round[]): readonly Bar[] {
  if (name === 'close') {
    const { max } = distributionOf(rounds.map(({ fault }) => fault.plain));
    return [{ name: 'port closed, threshold 1, worst round', measured: max, unit: 'ms', atMost: 1100 }];
  }
  const sinceAnswer = rounds.flatMap(({ plainSinceAnswer }) => plainSinceAnswer ?? []);
  if (sinceAnswer.length === 0) return [];
  const { p50, p99, max } = distributionOf(sinceAnswer);
  console.log(row(['  503 answered → slice', ...[p50, p99, max].map((value) => value.toFixed(0))]));
  return [{ name: 'verdict beyond the probe itself, worst round', measured: max, unit: 'ms', atMost: 50 }];
}

async function startHaproxy({ cluster }: Rig, lanes: readonly Lane[]): Promise<Haproxy> {
  const pod = (lane: Lane): Promise<Pod> =>
    cluster.controlPlane.api.get<Pod>(`/api/v1/namespaces/${BENCH_NAMESPACE}/pods/${lane.fast}-1`);
  const pods = await Promise.all(lanes.map(pod));
  const servers = lanes.map(({ name, port }, index) => {
    const address = pods[index]?.status?.podIP;
    if (address === undefined) throw new Error(`the pod of ${name} has no address`);
    return { name, address, port };
  });
  return Haproxy.start(cluster.host, {
    name: 'haproxy',
    netns: cluster.network.node(BENCH_NODE).netns,
    logAddress: cluster.network.plan.hub,
    checks: {
      ...{ servers, kind: { httpPath: FAST_PATH }, intervalMs: 1000, fastIntervalMs: 100 },
      ...{ timeoutMs: 1000, fall: 3, rise: 2 },
    },
  });
}

function oursOf(noticed: readonly Noticed[]): Distribution {
  return distributionOf(noticed.map(({ ours }) => ours));
}

function haproxyOf(noticed: readonly Noticed[]): Distribution {
  return distributionOf(noticed.map(({ haproxy }) => haproxy));
}

function show(name: string, noticed: readonly Noticed[]): void {
  const [ours, haproxy] = [oursOf(noticed), haproxyOf(noticed)];
  const figures = [ours, haproxy].flatMap(({ p50, p99, max }) => [p50, p99, max]);
  console.log(row([name, ...figures.map((ms) => ms.toFixed(0)), (ours.max / haproxy.max).toFixed(2)]));
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(12))).join('');
}
