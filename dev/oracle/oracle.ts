import type { HistoryStep } from './history.ts';
import { historyOf } from './history.ts';
import { type HistoryOutcome, HistoryRun, type SettleTimes } from './history-run.ts';
import { Pair } from './pair.ts';
import type { Rig } from './rig.ts';
import { SharedLock } from './shared-lock.ts';

export interface OracleOptions {
  /** Steps of all histories together. */
  readonly steps: number;
  /** Seed of the first history; each further one has the next number. */
  readonly seed: number;
  /** Histories under way at the same time. */
  readonly pairs: number;
  readonly stepsPerHistory: number;
  readonly deadlineMs: number;
  /** Called when a history has ended. */
  readonly onHistory: (report: HistoryReport) => void;
}

/** How one history went. */
export interface HistoryReport {
  readonly seed: number;
  readonly outcome: HistoryOutcome | { readonly kind: 'broke'; readonly error: unknown };
}

export interface OracleResult {
  /** Steps taken, those that did not settle included. */
  readonly steps: number;
  readonly settled: readonly SettleTimes[];
  readonly failed: readonly HistoryReport[];
}

/** Runs histories until there are steps enough; several at once, each on a pair of its own. */
export async function runOracle(rig: Rig, options: OracleOptions): Promise<OracleResult> {
  const settled: SettleTimes[] = [];
  const failed: HistoryReport[] = [];
  const shared = {
    rig,
    lock: new SharedLock(),
    runs: new Set<HistoryRun>(),
    deadlineMs: options.deadlineMs,
    onSettled: (times: SettleTimes) => settled.push(times),
  };
  const count = Math.ceil(options.steps / options.stepsPerHistory);
  let next = 0;
  let steps = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const seed = options.seed + index;
      const report = await runSeed({ ...shared, seed, number: index }, options);
      if (report.outcome.kind !== 'agreed') failed.push(report);
      steps += stepsOf(report);
      options.onHistory(report);
    }
  };
  await Promise.all(Array.from({ length: options.pairs }, work));
  return { steps, settled, failed };
}

/** Which steps to run, and with what. */
export interface StepsSpec {
  readonly steps: readonly HistoryStep[];
  /** Names the namespaces; of a pair only. */
  readonly number: number;
  readonly deadlineMs: number;
  /** Called when all steps have settled, before the pair is cleared. */
  readonly atRest?: (pair: Pair) => Promise<void>;
}

/** Runs given steps on a pair of their own; none of them may change a zone while others run. */
export async function runSteps(rig: Rig, spec: StepsSpec): Promise<HistoryOutcome> {
  const { steps, number, deadlineMs } = spec;
  const pair = new Pair({ ...rig, api: rig.controlPlane.api, deadlineMs }, await rig.namespaces(number));
  await pair.open();
  const lock = new SharedLock();
  const run = new HistoryRun({ rig, pair, lock, runs: new Set(), deadlineMs, onSettled: () => undefined });
  const outcome = await run.run(steps);
  if (outcome.kind === 'agreed') await spec.atRest?.(pair);
  await pair.clear();
  return outcome;
}

function stepsOf({ outcome }: HistoryReport): number {
  switch (outcome.kind) {
    case 'agreed':
      return outcome.steps;
    case 'differed':
      return outcome.history.length;
    case 'broke':
      return 0;
  }
}

interface SeedRun extends Omit<ConstructorParameters<typeof HistoryRun>[0], 'pair' | 'rig'> {
  readonly rig: Rig;
  readonly seed: number;
  readonly number: number;
}

async function runSeed(
  { seed, number, ...deps }: SeedRun,
  { stepsPerHistory, deadlineMs }: OracleOptions,
): Promise<HistoryReport> {
  const { rig } = deps;
  try {
    const pair = new Pair({ ...rig, api: rig.controlPlane.api, deadlineMs }, await rig.namespaces(number));
    await pair.open();
    const run = new HistoryRun({ ...deps, pair });
    const outcome = await run.run(historyOf({ seed, length: stepsPerHistory, block: rig.block }));
    await pair.clear();
    return { seed, outcome };
  } catch (error) {
    return { seed, outcome: { kind: 'broke', error } };
  }
}
