import { parseArgs } from 'node:util';
import { onInterrupt } from '../../dev/process/on-interrupt.ts';
import { type Bar, printBars } from '../measure/bar.ts';
import { type Rig, startRig } from './rig.ts';

/** A benchmark: what it is called, its one number that a user may change, and how it measures. */
export interface Benchmark {
  readonly usage: string;
  /** Name, default and unit of the flag that sets its length. */
  readonly length: { readonly flag: string; readonly value: number; readonly help: string };
  measure(rig: Rig, length: number): Promise<readonly Bar[]>;
}

/** Runs a benchmark as a command: flags, rig, bars, exit status 0 only if every bar holds. */
export async function runBenchmark({ usage, length, measure }: Benchmark): Promise<void> {
  const wanted = wantedLength(usage, length);
  if (wanted === undefined) return;
  const rig = await startRig();
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    process.exitCode = printBars(await measure(rig, wanted)) ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}

function wantedLength(usage: string, { flag, value, help }: Benchmark['length']): number | undefined {
  try {
    const options = { [flag]: { type: 'string' }, help: { type: 'boolean' } } as const;
    const { values } = parseArgs({ options });
    if (values['help'] === true) {
      console.log(`${usage}\n\n  --${flag} N   ${help} (default ${value})\n  --help`);
      return undefined;
    }
    const number = Number(values[flag] ?? value);
    if (!(number > 0)) throw new Error(`--${flag} takes a number above 0`);
    return number;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}
