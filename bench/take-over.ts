/** What clients notice when Services change hands: nothing, except where the old Service is deleted on the way. */
import { parseArgs } from 'node:util';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { startTakeOverRig, type TakeOverRig } from '../dev/takeover/rig.ts';
import { lineOf, type RunReport, runVariant, type Variant } from '../dev/takeover/run.ts';
import { VARIANTS } from '../dev/takeover/variants.ts';
import { type Bar, printBars } from './measure/bar.ts';

const USAGE = `Usage: npm run bench:take-over -- [--runs N] [--at-once N] [--variants LIST] [--proxy-mode MODE]

Lets Services change hands under more than 200 new connections a second and long-lived ones.

  --runs N          runs of each variant (default 30)
  --at-once N       runs at a time, of variants that do not disturb each other (default 3)
  --variants LIST   some of: ${Object.keys(VARIANTS).join(',')}
  --proxy-mode MODE how kube-proxy writes rules, iptables or nftables (default iptables). With nftables the kernel refuses
                    a few connections that begin while their rules change, of any Service: see bench:rule-rewrites
  --help`;

interface Wanted {
  readonly names: readonly string[];
  readonly runs: number;
  readonly atOnce: number;
}

async function measure(rig: TakeOverRig, { names, runs, atOnce }: Wanted): Promise<readonly Bar[]> {
  const bars: Bar[] = [];
  for (const key of names) {
    const variant = VARIANTS[key];
    if (variant === undefined) throw new Error(`there is no variant ${key}`);
    const startMs = Date.now();
    const reports = await runAll(rig, variant, { key, runs, atOnce: variant.isAlone === true ? 1 : atOnce });
    const seconds = (Date.now() - startMs) / 1000;
    console.log(`${variant.name}: ${seconds.toFixed(0)} s, ${(seconds / runs).toFixed(1)} s a run`);
    bars.push(...barsOf(variant, reports));
  }
  return bars;
}

/** Runs the variant so many times, some of them at once under different names. */
async function runAll(
  rig: TakeOverRig,
  variant: Variant,
  { key, runs, atOnce }: { readonly key: string; readonly runs: number; readonly atOnce: number },
): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  const waiting = Array.from({ length: runs }, (_, index) => index + 1);
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const report = await runVariant(rig, variant, `${key}-${run}`);
      reports.push(report);
      console.log(`${run}/${runs} ${lineOf(variant, report)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return reports;
}

function barsOf(variant: Variant, reports: readonly RunReport[]): readonly Bar[] {
  const failures = reports.map((report) => failuresOf(variant, report));
  const gaps = reports.map(({ clients, longestGapMs }) => (variant.hasGap ? clients.outageMs : longestGapMs));
  const made = reports.reduce((sum, { clients }) => sum + clients.made, 0);
  return [
    {
      name: `${variant.name}: failures in ${reports.length} runs, ${made} connections`,
      measured: failures.reduce((sum, count) => sum + count, 0),
      unit: 'failures',
      atMost: 0,
    },
    {
      name: `${variant.name}: longest gap`,
      measured: Math.max(...gaps),
      unit: 'ms',
      // What a deletion costs: the way to the nodes and back, twice, and the first probe of each pod.
      atMost: variant.hasGap ? 3_000 : 0,
    },
  ];
}

/** What should not have happened; connections that fail belong to a gap where there is one. */
function failuresOf(variant: Variant, { clients, faults, disagreements }: RunReport): number {
  if (variant.hasGap) return faults.length;
  const opinions = variant.mayDisagree === true ? 0 : disagreements.length;
  return faults.length + clients.failed + clients.lost + opinions;
}

async function main(): Promise<void> {
  const options = {
    runs: { type: 'string' },
    'at-once': { type: 'string' },
    variants: { type: 'string' },
    'proxy-mode': { type: 'string', default: 'iptables' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const runs = Number(values.runs ?? 30);
  const atOnce = Number(values['at-once'] ?? 3);
  const proxyMode = values['proxy-mode'];
  const isMode = proxyMode === 'iptables' || proxyMode === 'nftables';
  if (values.help === true || !(runs > 0 && atOnce > 0 && isMode)) {
    console.log(USAGE);
    return;
  }
  const rig = await startTakeOverRig({ proxyMode });
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    const names = values.variants?.split(',') ?? Object.keys(VARIANTS);
    process.exitCode = printBars(await measure(rig, { names, runs, atOnce })) ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}

await main();
