import type { StartedRun } from '#lib/core/probe/overlap.ts';
import type { Probe } from '#lib/core/probe/probe.ts';
import { type ProbeOutcome, type ProbeUnknown, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Prober, Settler, Work } from './prober.ts';

/** What a run stands for. */
export interface RunPlan {
  readonly startedMs: number;
  /** When it must have ended. */
  readonly deadlineMs: number;
  /** When it was due; out of turn: when it was started. One beside others has it from the first of them. */
  readonly dueMs: number;
  /** Out of turn. */
  readonly isExtra: boolean;
}

/** Hears once how a run has ended. */
export interface RunOwner {
  ended(run: ProbeRun, outcome: ProbeOutcome): void;
}

/** One run: ends with what comes first of its work, `expire` and `cancel`, and then releases its sockets exactly once. */
export class ProbeRun implements Settler, StartedRun, RunPlan {
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly dueMs: number;
  readonly isExtra: boolean;
  /** As it counts for the verdict; its owner sets it. */
  outcome: ProbeOutcome | undefined;
  readonly #owner: RunOwner;
  /** What has been started and is not released. */
  #work: Work | undefined;
  #isStarting = false;
  /** What the work has settled while it started. */
  #early: ProbeOutcome | undefined;
  #hasEnded = false;

  constructor({ startedMs, deadlineMs, dueMs, isExtra }: RunPlan, owner: RunOwner) {
    this.startedMs = startedMs;
    this.deadlineMs = deadlineMs;
    this.dueMs = dueMs;
    this.isExtra = isExtra;
    this.outcome = undefined;
    this.#owner = owner;
  }

  /** Starts what the prober has given, which may end the run at once. Called once. */
  start(given: Work | ProbeOutcome): void {
    if (this.#hasEnded) return;
    if ('kind' in given) {
      this.settle(given);
      return;
    }
    this.#work = given;
    this.#isStarting = true;
    try {
      given.start(this);
    } catch (error) {
      this.#early ??= bug(error);
    }
    this.#isStarting = false;
    if (this.#early !== undefined) this.settle(this.#early);
  }

  settle(outcome: ProbeOutcome): void {
    if (this.#hasEnded) return;
    if (this.#isStarting) {
      this.#early ??= outcome;
      return;
    }
    this.#hasEnded = true;
    this.#owner.ended(this, this.#release() ?? outcome);
  }

  /** The deadline has passed, and nothing lies unread. */
  expire(): void {
    if (this.#work !== undefined) this.settle(timeoutOf(this.#work));
  }

  /** Ends the run as unknown. */
  cancel(): void {
    this.settle(cancelled());
  }

  /** The outcome if that is a bug. */
  #release(): ProbeUnknown | undefined {
    const work = this.#work;
    this.#work = undefined;
    try {
      work?.release();
      return undefined;
    } catch (error) {
      return bug(error);
    }
  }
}

/** What the prober gives for a run that must have ended at `deadlineMs`. Never throws. */
export function workOf<P extends Probe>(
  prober: Prober<P>,
  probe: P,
  target: Target,
  deadlineMs: number,
): Work | ProbeOutcome {
  try {
    return prober(probe, target, deadlineMs);
  } catch (error) {
    return bug(error);
  }
}

function timeoutOf(work: Work): ProbeOutcome {
  try {
    return work.onTimeout();
  } catch (error) {
    return bug(error);
  }
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
