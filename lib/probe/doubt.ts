import { type FailureReason, type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';

/** For how long this process could not work while a run was under way, in milliseconds. */
export interface LostTime {
  /** The longest time at a stretch. */
  readonly longestMs: number;
  readonly totalMs: number;
}

export const NOTHING_LOST: LostTime = { longestMs: 0, totalMs: 0 };

/** Smallest stall that counts: shorter ones are ordinary scheduling. */
const SMALLEST_STALL_MS = 50;
/** Parts of its time that a run may lose at a stretch, and in all, and still say that the target was slow. */
const STRETCH = 1 / 10;
const TOTAL = 1 / 2;
/** Servers give their clients at least so long for each step before they hang up or say that it took too long. */
const SHORTEST_PATIENCE_MS = 500;

/** What the kernel answers in place of the target, however late it is heard of. */
const SURE: ReadonlySet<FailureReason> = new Set(['ConnectionRefused', 'Unreachable']);

/**
 * What is left of an outcome when this process was held up during the run. A timeout that it may have caused itself says
 * nothing about the target. Nor does, after a long stall, what the target did with a client that was silent for so long:
 * servers close idle connections, or answer 408. A refused connection is refused.
 */
export function doubt(outcome: ProbeOutcome, lost: LostTime, timeoutMs: number): ProbeOutcome {
  if (outcome.kind !== 'failure' || SURE.has(outcome.reason)) return outcome;
  const isOurs =
    outcome.reason === 'Timeout' ? hasLostMuch(lost, timeoutMs) : lost.longestMs >= SHORTEST_PATIENCE_MS;
  if (!isOurs) return outcome;
  return unknown('CheckerStalled', 'the prober itself was stopped while it waited for an answer');
}

function hasLostMuch({ longestMs, totalMs }: LostTime, timeoutMs: number): boolean {
  return (
    longestMs >= Math.max(SMALLEST_STALL_MS, timeoutMs * STRETCH) ||
    totalMs >= Math.max(SMALLEST_STALL_MS, timeoutMs * TOTAL)
  );
}
