import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { onInterrupt } from '../../dev/process/on-interrupt.ts';
import { type Bar, printBars } from '../measure/bar.ts';
import { type AgentPreload, type Rig, startRig } from './rig.ts';

/** A benchmark: what it is called, its one number that a user may change, and how it measures. */
export interface Benchmark {
  readonly usage: string;
  /** Name, default and unit of the flag that sets its length. */
  readonly length: { readonly flag: string; readonly value: number; readonly help: string };
  /** A flag that takes one of some values; absent: it measures all there is. */
  readonly choice?: { readonly flag: string; readonly values: readonly string[]; readonly help: string };
  readonly agentPreload?: AgentPreload;
  /** `chosen`: the value of that flag, undefined where it is not given. */
  measure(rig: Rig, length: number, chosen: string | undefined): Promise<readonly Bar[]>;
}

interface Wish {
  readonly length: number;
  readonly chosen: string | undefined;
}

/** Runs a benchmark as a command: flags, rig, bars, exit status 0 only if every bar holds. */
export async function runBenchmark(benchmark: Benchmark): Promise<void> {
  const wish = wishOf(benchmark);
  if (wish === undefined) return;
  const rig = await startRig(benchmark.agentPreload);
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    const bars = await benchmark.measure(rig, wish.length, wish.chosen);
    process.exitCode = printBars(bars) ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}

function wishOf(benchmark: Benchmark): Wish | undefined {
  const { length, choice } = benchmark;
  try {
    const options: ParseArgsOptionsConfig = {
      [length.flag]: { type: 'string' },
      ...(choice === undefined ? {} : { [choice.flag]: { type: 'string' } }),
      help: { type: 'boolean' },
    };
    const { values } = parseArgs({ options });
    if (values['help'] === true) {
      console.log(helpOf(benchmark));
      return undefined;
    }
    const number = Number(values[length.flag] ?? length.value);
    if (!(number > 0)) throw new Error(`--${length.flag} takes a number above 0`);
    return { length: number, chosen: chosenOf(choice, values) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}

function chosenOf(
  choice: Benchmark['choice'],
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const given = choice === undefined ? undefined : values[choice.flag];
  if (choice === undefined || given === undefined) return undefined;
  const chosen = choice.values.find((value) => value === given);
  if (chosen === undefined) throw new Error(`--${choice.flag} takes one of ${choice.values.join(', ')}`);
  return chosen;
}

function helpOf({ usage, length, choice }: Benchmark): string {
  return [
    usage,
    '',
    `  --${length.flag} N   ${length.help} (default ${length.value})`,
    ...(choice === undefined
      ? []
      : [`  --${choice.flag} NAME   ${choice.help}: ${choice.values.join(', ')} (default all)`]),
    '  --help',
  ].join('\n');
}
