import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { step, type Thresholds, type VerdictState } from '#lib/core/probe/verdict.ts';

/**
 * Runs of one probe that overlap. While a target takes longer than it ever does, further runs start beside the one
 * that waits, each with a deadline of its own, so that their timeouts pass together and not one after the other.
 *
 * The rule of order: outcomes move the verdict in the order in which their runs were started, however they end. So
 * the verdict is at every moment what a worker that runs one probe at a time makes of the same outcomes: overlapping
 * can only bring it about earlier.
 */

/** A run whose outcome has not moved the verdict yet. */
export interface StartedRun {
  readonly startedMs: number;
  /** Undefined: it is under way. Otherwise it has ended before one that was started earlier. */
  readonly outcome: ProbeOutcome | undefined;
}

/** When runs may start beside others. */
export interface RecheckPace {
  readonly fastPeriodMs: number;
  /** How long the oldest run may wait before the target is doubted: see `patienceMs`. */
  readonly patienceMs: number;
}

/** Nearly every run is alone, so what is left of it is this. */
const NONE: readonly never[] = [];

/** However high the threshold, one target never holds more runs at a time. */
const MOST_AT_ONCE = 10;

/** Moves the verdict by every outcome whose turn has come. `runs` and what is left of them in order of start. */
export function judge<R extends StartedRun>(
  runs: readonly R[],
  state: VerdictState,
  thresholds: Thresholds,
): { readonly state: VerdictState; readonly left: readonly R[] } {
  let judged = state;
  let count = 0;
  for (const { outcome } of runs) {
    if (outcome === undefined) break;
    judged = step(judged, outcome, thresholds).state;
    count += 1;
  }
  return { state: judged, left: count === runs.length ? NONE : runs.slice(count) };
}

/**
 * When the next run is due beside those that were started; undefined: none is. Only an up target is doubted, by no
 * more runs than can turn it down, and no longer once one of them was answered or could not be made.
 */
export function recheckDueMs(
  runs: readonly StartedRun[],
  state: VerdictState,
  { failureThreshold, fastPeriodMs, patienceMs }: RecheckPace & Pick<Thresholds, 'failureThreshold'>,
): number | undefined {
  const [oldest, latest] = [runs[0], runs.at(-1)];
  if (oldest === undefined || latest === undefined || state.verdict === 'down') return undefined;
  const missing = state.isProvisional ? 1 : failureThreshold - state.contraryRun;
  if (runs.length >= Math.min(missing, MOST_AT_ONCE)) return undefined;
  if (runs.some(({ outcome }) => outcome !== undefined && outcome.kind !== 'failure')) return undefined;
  return Math.max(oldest.startedMs + patienceMs, latest.startedMs + fastPeriodMs);
}
