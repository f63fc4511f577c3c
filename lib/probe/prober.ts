import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** The frame of one run. */
export interface ProbeRun {
  /** When the run must have ended, in the clock's monotonic milliseconds. */
  readonly deadlineMs: number;
  /**
   * Set by the prober for as long as the run lasts: ends it at once as unknown, with cause `Cancelled`. A plain callback:
   * an AbortSignal costs as much as the rest of a short run.
   */
  cancel: (() => void) | undefined;
}

/**
 * Runs one probe once against one target. Never rejects: what cannot be observed is an unknown outcome. Ends by
 * the deadline, whatever the target does, and leaves no socket behind but those that its docstring names.
 */
export type Prober<P extends Probe> = (probe: P, target: Target, run: ProbeRun) => Promise<ProbeOutcome>;
