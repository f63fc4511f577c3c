import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** Takes the outcome of a run; every one but the first is ignored. */
export interface Settler {
  settle(outcome: ProbeOutcome): void;
}

/**
 * What one run does. An object and not a promise: tens of thousands of runs a second leave little time to collect what a
 * promise and its callbacks leave behind.
 */
export interface Work {
  /** Called once. Must not block; a throw is a bug and becomes an unknown outcome. */
  start(settler: Settler): void;
  /** The outcome when the deadline passes first. */
  onTimeout(): ProbeOutcome;
  /** Frees its sockets: called once after `start`, however the run has ended. */
  release(): void;
}

/**
 * Makes the work of one run of a probe against a target, or says at once why there is none. The run must have ended at
 * `deadlineMs`, in the clock's monotonic milliseconds; whoever runs the work sees to that. What cannot be observed is an
 * unknown outcome. No socket is left behind but those that the docstring of the prober names.
 */
export type Prober<P extends Probe> = (probe: P, target: Target, deadlineMs: number) => Work | ProbeOutcome;
