/** What clients notice when Services change hands: nothing, except where the old Service is deleted on the way. */
import { parseArgs } from 'node:util';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { startTakeOverRig, type TakeOverRig } from '../dev/takeover/rig.ts';
import { lineOf, type RunReport, runVariant, type Variant } from '../dev/takeover/run.ts';
import { VARIANTS } from '../dev/takeover/variants.ts';
import { type Bar, printBars } from './measure/bar.ts';

const USAGE = `Usage: npm run bench:take-over -- [--runs N] [--variants LIST]

Lets Services change hands under more than 200 new connections a second and long-lived ones.

  --runs N          runs of each variant (default 30)
  --variants LIST   some of: ${Object.keys(VARIANTS).join(',')}
  --help`;

async function measure(rig: TakeOverRig, names: readonly string[], runs: number): Promise<readonly Bar[]> {
  const bars: Bar[] = [];
  for (const key of names) {
    const variant = VARIANTS[key];
    if (variant === undefined) throw new Error(`there is no variant ${key}`);
    let [bad, worstMs] = [0, 0];
    for (let run = 1; run <= runs; run += 1) {
      const report = await runVariant(rig, variant, `${key}-${run}`);
      console.log(`${run}/${runs} ${lineOf(variant, report)}`);
      bad += failuresOf(variant, report);
      worstMs = Math.max(worstMs, variant.hasGap ? report.clients.outageMs : report.longestGapMs);
    }
    bars.push({
      name: `${variant.name}: failures in ${runs} runs`,
      measured: bad,
      unit: 'failures',
      atMost: 0,
    });
    // What a deletion costs: the way to the nodes and back, twice, and the first probe of each pod.
    const atMost = variant.hasGap ? 3_000 : 0;
    bars.push({ name: `${variant.name}: longest gap`, measured: worstMs, unit: 'ms', atMost });
  }
  return bars;
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
    variants: { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  const runs = Number(values.runs ?? 30);
  if (values.help === true || !(runs > 0)) {
    console.log(USAGE);
    return;
  }
  const rig = await startTakeOverRig();
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    const names = values.variants?.split(',') ?? Object.keys(VARIANTS);
    process.exitCode = printBars(await measure(rig, names, runs)) ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}

await main();
