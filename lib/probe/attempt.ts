import { type ProbeOutcome, type ProbeUnknown, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { ProbeRun } from '#lib/probe/prober.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** Ends the attempt with an outcome; every call but the first is ignored. */
export type Settle = (outcome: ProbeOutcome) => void;

/** The work of one run: starts it and returns what releases its sockets. */
export interface Work {
  /** Called once at once. Must not block; a throw is a bug and becomes an unknown outcome. */
  start(settle: Settle): () => void;
  /** The outcome when the deadline passes first. */
  onTimeout(): ProbeOutcome;
}

/**
 * Runs the work until it settles, the deadline passes or the run is cancelled, whichever is first, and then releases
 * its sockets exactly once. Never rejects.
 */
export function attempt(clock: Clock, run: ProbeRun, work: Work): Promise<ProbeOutcome> {
  return new Promise((resolve) => begin(clock, run, work, resolve));
}

function begin(clock: Clock, run: ProbeRun, work: Work, resolve: (outcome: ProbeOutcome) => void): void {
  let isSettled = false;
  let release: (() => void) | undefined;

  const settle = (outcome: ProbeOutcome): void => {
    if (isSettled) return;
    isSettled = true;
    cancelDeadline();
    run.cancel = undefined;
    resolve(outcome);
    release?.();
  };
  // An answer that has arrived but is not read yet counts: timers run before sockets in one turn of the event
  // loop, so a busy checker would call a prompt target late.
  const onDeadline = (): void => void setImmediate(() => settle(work.onTimeout()));

  const cancelDeadline = clock.schedule(Math.max(0, run.deadlineMs - clock.monotonicMs()), onDeadline);
  run.cancel = () => settle(cancelled());
  try {
    release = work.start(settle);
  } catch (error) {
    settle(bug(error));
    return;
  }
  if (isSettled) release();
}

/** The outcome of a run that was called off. */
export function cancelled(): ProbeUnknown {
  return unknown('Cancelled', 'the run was cancelled');
}

/** The outcome of a run that threw. Names the error's type only: a text may hold anything. */
export function bug(error: unknown): ProbeUnknown {
  const name = error instanceof Error ? error.name : typeof error;
  return unknown('Internal', `bug: the prober threw ${name}`);
}
