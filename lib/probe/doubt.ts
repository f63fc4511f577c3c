import { type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';

/** Smallest stall that counts: shorter ones are ordinary scheduling. */
const SMALLEST_STALL_MS = 50;

/**
 * A timeout that this process may have caused itself says nothing about the target. Other failures stand: a
 * refused connection is refused, however slowly it was heard of.
 */
export function doubt(outcome: ProbeOutcome, stallMs: number, timeoutMs: number): ProbeOutcome {
  const isTimeout = outcome.kind === 'failure' && outcome.reason === 'Timeout';
  if (!isTimeout || stallMs < Math.max(SMALLEST_STALL_MS, timeoutMs / 10)) return outcome;
  return unknown('CheckerStalled', 'the prober itself was stopped while it waited for an answer');
}
