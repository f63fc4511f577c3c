/** Whether a starved checker takes good targets for bad ones: 5,000 good targets at 1 s, HAProxy starved beside the agent. */
import { setTimeout as delay } from 'node:timers/promises';
import { type CpuGroup, makeCpuGroup } from '../dev/process/cpu-group.ts';
import { waitFor } from '../dev/process/wait-for.ts';
import { Crowd, type CrowdObject, crowdObject } from '../dev/workload/crowd.ts';
import { endpointRemovals } from '../dev/workload/endpoint-removals.ts';
import { SteppedClock } from '../dev/workload/stepped-clock.ts';
import { agentStartDelays, lateShareOf, metricSum } from './measure/agent-metrics.ts';
import type { Bar } from './measure/bar.ts';
import { givePrecedence } from './measure/priority.ts';
import { printTable } from './measure/table.ts';
import { Haproxy } from './peer/haproxy.ts';
import { BENCH_NAMESPACE, BENCH_NODE, type Rig } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';

const PODS = 125;
const PORTS = 40;
const QUOTA_PERCENT = 5;
const STOP_MS = 10_000;
/** What a hunger has caused may come some time after its end. */
const AFTERMATH_MS = 8_000;
const NOTICE_MS = 60_000;
/** A bucket of the agent's histogram. */
const LATE_MS = 250;

const OBJECTS = Array.from({ length: PORTS }, (_, index) => anObject(8101 + index));

function anObject(port: number): CrowdObject {
  const probe = {
    mode: 'HTTP',
    http: { targetPort: port, path: '/' },
    timeoutSeconds: 1,
    failureThreshold: 3,
  };
  return crowdObject(`good-${port}`, port, probe);
}

/** What all hungers are inflicted on. */
interface Table {
  readonly rig: Rig;
  readonly crowd: Crowd;
  readonly haproxy: Haproxy;
  readonly clock: SteppedClock;
}

interface Hunger {
  readonly name: string;
  /** Resolves at its end, with a remark for the table. */
  inflict(table: Table): Promise<string>;
  readonly isForHaproxy: boolean;
}

interface Outcome {
  readonly name: string;
  readonly ours: number;
  readonly haproxy: number | undefined;
  readonly doubted: number;
  readonly lateShare: string;
  readonly remark: string;
}

let clock: SteppedClock | undefined;

async function measure(rig: Rig, seconds: number): Promise<readonly Bar[]> {
  if (clock === undefined) throw new Error('the agent runs with the clock of the machine');
  const { cluster, endpoints } = rig;
  const place = { namespace: BENCH_NAMESPACE, node: BENCH_NODE };
  // Hunger is what is inflicted here, and not what else the machine does.
  await givePrecedence(rig.product.agent(BENCH_NODE).process.pid);
  const crowd = await Crowd.gather(cluster, endpoints, { ...place, pods: PODS, objects: OBJECTS });
  await givePrecedence(crowd.server.pid);
  const haproxy = await startHaproxy(rig, crowd);
  await givePrecedence(haproxy.process.pid);
  try {
    return await inflictAll({ rig, crowd, haproxy, clock }, seconds);
  } finally {
    await haproxy.stop();
  }
}

async function inflictAll(table: Table, seconds: number): Promise<readonly Bar[]> {
  const made = makeCpuGroup(table.rig.cluster.host, 'hunger');
  if (made.kind === 'unavailable') console.log(`skipped: a processor quota (${made.reason})`);
  const hungers = [
    well(seconds),
    ...(made.kind === 'made' ? [shortOfTime(made.group, seconds)] : []),
    stopped,
    clockStepped,
  ];
  const outcomes: Outcome[] = [];
  for (const hunger of hungers) outcomes.push(await outcomeOf(hunger, table));
  printTable(
    ['hunger', 'removed by ours', 'DOWN in HAProxy', 'doubted by ours', `later than ${LATE_MS} ms`, 'remark'],
    outcomes.map(({ name, ours, haproxy: theirs, doubted, lateShare, remark }) => [
      ...[name, String(ours), theirs === undefined ? '–' : String(theirs), String(doubted)],
      ...[lateShare, remark],
    ]),
  );
  await noticeAfterwards(table);
  return outcomes.map(({ name, ours }) => ({
    ...{ name: `good endpoints removed, ${name}`, measured: ours, unit: 'endpoints', atMost: 0 },
  }));
}

function startHaproxy({ cluster }: Rig, { targets }: Crowd): Promise<Haproxy> {
  const { hub } = cluster.network.plan;
  const servers = targets.map(({ address, port }, index) => ({ name: `target-${index}`, address, port }));
  return Haproxy.start(cluster.host, {
    name: 'haproxy',
    netns: cluster.network.node(BENCH_NODE).netns,
    logAddress: hub,
    checks: { servers, kind: { httpPath: '/' }, intervalMs: 1000, timeoutMs: 1000 },
  });
}

function well(seconds: number): Hunger {
  return {
    name: 'none',
    async inflict() {
      await delay(seconds * 1000);
      return `${seconds} s`;
    },
    isForHaproxy: true,
  };
}

function shortOfTime(group: CpuGroup, seconds: number): Hunger {
  return {
    name: `${QUOTA_PERCENT} % of a core`,
    async inflict({ rig, haproxy }) {
      group.add(rig.product.agent(BENCH_NODE).process.pid);
      group.add(haproxy.process.pid);
      group.limit(QUOTA_PERCENT);
      await delay(seconds * 1000);
      group.limit(undefined);
      return `both share it for ${seconds} s, held back in ${group.throttling().periods} periods of 100 ms`;
    },
    isForHaproxy: true,
  };
}

const stopped: Hunger = {
  name: 'SIGSTOP',
  async inflict({ rig, haproxy }) {
    const programs = [rig.product.agent(BENCH_NODE).process, haproxy.process];
    for (const program of programs) program.kill('SIGSTOP');
    await delay(STOP_MS);
    for (const program of programs) program.kill('SIGCONT');
    return `${STOP_MS / 1000} s`;
  },
  isForHaproxy: true,
};

const clockStepped: Hunger = {
  name: 'clock stepped',
  async inflict({ rig, clock: own }) {
    const agent = rig.product.agent(BENCH_NODE).process;
    for (const hours of [1, -1, 0]) {
      own.step(agent, hours);
      await delay(3_000);
    }
    return 'an hour ahead, two hours back, and an hour ahead again; the clock of the agent alone';
  },
  isForHaproxy: false,
};

async function outcomeOf(hunger: Hunger, table: Table): Promise<Outcome> {
  const { rig, haproxy } = table;
  const agent = rig.product.agent(BENCH_NODE);
  const doubtedBefore = await doubtedRuns(agent);
  const startsBefore = await agentStartDelays(agent, LATE_MS);
  const sinceMs = Date.now();
  const remark = await hunger.inflict(table);
  await delay(AFTERMATH_MS);
  const downs = haproxy.changes.filter(({ state, atMs }) => state === 'down' && atMs >= sinceMs).length;
  const ours = OBJECTS.reduce(
    (sum, { name }) => sum + endpointRemovals(rig.endpoints.changes(name), sinceMs).length,
    0,
  );
  const doubted = (await doubtedRuns(agent)) - doubtedBefore;
  const lateShare = lateShareOf(startsBefore, await agentStartDelays(agent, LATE_MS));
  await settle(haproxy);
  return {
    ...{ name: hunger.name, ours, doubted, lateShare, remark },
    haproxy: hunger.isForHaproxy ? downs : undefined,
  };
}

function doubtedRuns(agent: Parameters<typeof metricSum>[0]): Promise<number> {
  return metricSum(agent, 'swh_agent_probe_results_total', 'reason="CheckerStalled"');
}

/** Until HAProxy has found everything up again. */
async function settle(haproxy: Haproxy): Promise<void> {
  await waitFor(
    'HAProxy to find every server up',
    async () => {
      const states = new Map(haproxy.changes.map(({ server, state }) => [server, state]));
      return [...states.values()].every((state) => state === 'up') ? true : undefined;
    },
    { deadlineMs: 60_000, intervalMs: 500 },
  );
}

/** Closes a port, so that it shows that both still see; prints when the last of its endpoints was out. Throws when none is. */
async function noticeAfterwards({ crowd, haproxy, rig }: Table): Promise<void> {
  const [first] = OBJECTS;
  if (first === undefined) throw new Error('there is no object');
  const sinceMs = Date.now();
  await crowd.close(first.port);
  const oursMs = (await rig.endpoints.waitForReady(first.name, [], NOTICE_MS)) - sinceMs;
  const downs = await waitFor(
    'HAProxy to notice the closed port',
    async () => {
      const since = haproxy.changes.filter(({ state, atMs }) => state === 'down' && atMs >= sinceMs);
      return since.length >= PODS ? since : undefined;
    },
    { deadlineMs: NOTICE_MS },
  );
  const theirsMs = Math.max(...downs.map(({ atMs }) => atMs)) - sinceMs;
  const took = `ours ${Math.round(oursMs)} ms, HAProxy ${Math.round(theirsMs)} ms`;
  console.log(`a port closed afterwards, until the last of its ${PODS} endpoints is out: ${took}`);
}

await runBenchmark({
  usage:
    'Usage: npm run bench:hunger [-- --seconds N]\n\nStarves the agent and HAProxy and counts good endpoints that they remove.',
  length: { flag: 'seconds', value: 30, help: 'how long the processor time is short' },
  agentPreload(host) {
    clock = new SteppedClock(host, 'agent');
    return clock.preload;
  },
  measure,
});
