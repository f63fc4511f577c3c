/** What a probe costs: CPU and memory of the agent beside HAProxy and blackbox_exporter, on the same targets. */
import { parseArgs } from 'node:util';
import { ensureProductBuilt } from '../dev/cluster/built-product.ts';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { printBars } from './measure/bar.ts';
import type { CheckTarget } from './rig/check-target.ts';
import { BASE_TARGETS, type BaseMemory, barsOf, type KindCosts, tableOf } from './rig/cost-report.ts';
import { type CheckKind, CostRig } from './rig/cost-rig.ts';
import { type Cost, type CostRun, measureCost } from './rig/cost-run.ts';

const USAGE = `Usage: npm run bench:probe-cost [-- --targets N --seconds S --rounds R --kinds LIST]

Measures CPU a probe and memory of the agent, alternating with HAProxy (one thread) and blackbox_exporter.

  --targets N   probed every second, on one node: at most 250, or a multiple of that (default 1000)
  --seconds S   how long each is measured in each round (default 12)
  --rounds R    how often agent and HAProxy take turns (default 2)
  --kinds LIST  some of TCP,HTTP,kept: each takes minutes (default all)
  --help`;

const KINDS: ReadonlyMap<string, CheckKind> = new Map([
  ['TCP', 'TCP'],
  ['HTTP', 'HTTP'],
  ['kept', 'HTTP kept'],
]);

/** The machine code of the agent is compiled for half a minute, on threads that count as its own CPU. */
const AGENT_SETTLE_MS = 30_000;
const PEER_SETTLE_MS = 5_000;

interface Settings {
  readonly targets: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly kinds: readonly CheckKind[];
}

const settings = readSettings();
if (settings !== undefined) {
  await ensureProductBuilt();
  const rig = await CostRig.start(settings.targets);
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    // First of all, while there are no more objects than these need.
    const bases: (BaseMemory | undefined)[] = [];
    for (const kind of settings.kinds) bases.push(await baseOf(rig, kind, settings));
    const costs: KindCosts[] = [];
    for (const [index, kind] of settings.kinds.entries()) {
      costs.push({ ...(await costsOf(rig, kind, settings)), base: bases[index] });
    }
    console.log(tableOf(costs, settings.targets));
    process.exitCode = printBars(barsOf(costs, rig.idleAgentKb, settings.targets)) ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}

/** Memory with some targets of the kind where there are to be many more. */
async function baseOf(rig: CostRig, kind: CheckKind, { targets }: Settings): Promise<BaseMemory | undefined> {
  if (targets <= BASE_TARGETS) return undefined;
  await rig.ask(kind, BASE_TARGETS);
  const common = { rate: BASE_TARGETS, seconds: 5 };
  const name = `${kind}, ${BASE_TARGETS} targets`;
  const agent = await measured(`${name}, agent`, rig.target, { ...common, ...agentRun(rig, kind) });
  const haproxy = await measured(`${name}, HAProxy`, rig.target, {
    ...common,
    ...haproxyRun(rig, kind, BASE_TARGETS),
  });
  return { agentKb: agent.anonymousKb, haproxyKb: haproxy.anonymousKb };
}

/** Whom a run is of. */
type Starting = Pick<CostRun, 'counted' | 'settleMs' | 'start'>;

function agentRun(rig: CostRig, kind: CheckKind): Starting {
  return { counted: countedFor(kind), settleMs: AGENT_SETTLE_MS, start: () => rig.startAgent() };
}

/** `most`: checks no more targets than this. Its TCP check is less than a connection, and it keeps none. */
function haproxyRun(rig: CostRig, kind: CheckKind, most?: number): Starting {
  const counted = kind === 'TCP' ? 'opens' : 'requests';
  return { counted, settleMs: PEER_SETTLE_MS, start: () => rig.startHaproxy(kind, most) };
}

function countedFor(kind: CheckKind): CostRun['counted'] {
  return kind === 'TCP' ? 'connections' : 'requests';
}

async function costsOf(
  rig: CostRig,
  kind: CheckKind,
  { targets, seconds, rounds }: Settings,
): Promise<Omit<KindCosts, 'base'>> {
  const ours: Cost[] = [];
  const haproxy: Cost[] = [];
  let timeWaits = 0;
  await rig.ask(kind);
  for (let round = 0; round < rounds; round += 1) {
    const beforeStop = async () => {
      timeWaits += await rig.timeWaits(seconds);
    };
    const common = { rate: targets, seconds } as const;
    const agent = { ...common, ...agentRun(rig, kind), beforeStop };
    ours.push(await measured(`${kind}, agent`, rig.target, agent));
    haproxy.push(await measured(`${kind}, HAProxy`, rig.target, { ...common, ...haproxyRun(rig, kind) }));
  }
  if (kind === 'HTTP kept') return { kind, ours, haproxy, blackbox: undefined, timeWaits };
  const start = () => rig.startBlackbox(kind);
  const blackbox = await measured(`${kind}, blackbox_exporter`, rig.target, {
    start,
    counted: countedFor(kind),
    settleMs: PEER_SETTLE_MS,
    rate: undefined,
    seconds,
  });
  return { kind, ours, haproxy, blackbox, timeWaits };
}

/** Says how it went: with many targets each takes a minute. */
async function measured(name: string, target: CheckTarget, run: CostRun): Promise<Cost> {
  const cost = await measureCost(target, run);
  const [microseconds, rate] = [cost.microsecondsACheck.toFixed(1), cost.checksASecond.toFixed(0)];
  console.log(
    `${name}: ${microseconds} µs a check, ${rate} a second, ${(cost.anonymousKb / 1024).toFixed(1)} MB`,
  );
  return cost;
}

function readSettings(): Settings | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      options: { targets: text, seconds: text, rounds: text, kinds: text, help: { type: 'boolean' } },
    });
    if (values.help === true) {
      console.log(USAGE);
      return undefined;
    }
    const targets = wholeNumber('targets', values.targets ?? '1000');
    if (targets > 250 && targets % 250 !== 0)
      throw new Error('--targets takes at most 250 or a multiple of 250');
    return {
      targets,
      seconds: wholeNumber('seconds', values.seconds ?? '12'),
      rounds: wholeNumber('rounds', values.rounds ?? '2'),
      kinds: (values.kinds?.split(',') ?? [...KINDS.keys()]).map(kindOf),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}

function kindOf(word: string): CheckKind {
  const kind = KINDS.get(word);
  if (kind === undefined) throw new Error(`--kinds takes some of ${[...KINDS.keys()].join(',')}`);
  return kind;
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`--${flag} takes a whole number above 0`);
  return number;
}
