import type { Probe, ProbeKind } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';
import { nextDueMs, type Schedule } from '#lib/core/probe/schedule.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { isInTransition, step, type VerdictState } from '#lib/core/probe/verdict.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { bug } from './attempt.ts';
import { durationText } from './duration-text.ts';
import type { ProbeAssignment } from './probe-assignment.ts';
import type { Prober } from './prober.ts';

/** Knows when this process could not work, so that a slow target can be told from a slow checker. */
export interface StallWitness {
  /** Called at the start of a run; the returned function gives the longest stall since then, in milliseconds. */
  watch(): () => number;
}

/** Told about every run, for metrics. Must be cheap and must not throw. */
export interface ProbeObserver {
  started(kind: ProbeKind, lateMs: number): void;
  finished(kind: ProbeKind, outcome: ProbeOutcome, durationMs: number): void;
}

/** Idle connections whose end triggers a run: see `Sentinels`. */
export interface SentinelHolder {
  /** Called after each success of an assignment with a sentinel. */
  hold(target: Target): void;
  release(target: Target): void;
}

export interface ProbeWorkerDeps {
  readonly clock: Clock;
  readonly prober: Prober<Probe>;
  readonly stalls: StallWitness;
  readonly observer: ProbeObserver;
  readonly sentinels: SentinelHolder;
}

interface Run {
  readonly startedMs: number;
  readonly isExtra: boolean;
  readonly longestStallMs: () => number;
}

/** A prober ends its run at the deadline by itself; one that has not this much later is given up. */
const GRACE_MS = 250;
/** Runs out of turn are this far apart at least: a server that closes every connection must not cause a storm. */
const SMALLEST_EXTRA_GAP_MS = 1000;

/**
 * Runs one probe against one target: waits until it is due, runs it under a total deadline, moves the verdict.
 * Never runs twice at the same time and holds one timer.
 */
export class ProbeWorker {
  readonly assignment: ProbeAssignment;
  readonly #deps: ProbeWorkerDeps;
  readonly #onChange: () => void;
  #state: VerdictState;
  #schedule: Schedule;
  #run: Run | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Serves many runs: one of its own for each would cost as much as the rest of a short run. */
  #abort = new AbortController();
  #isStopped = false;
  /** The armed timer is for a run out of turn. */
  #isExtra = false;
  /** A reason to run out of turn came up while a run was under way that may have missed it. */
  #wantsExtra = false;
  #earliestExtraMs = 0;
  /** Before the first due time nothing may run: the initial delay lasts. */
  #mayRunEarly: boolean;

  /** `onChange` is called when the verdict, or the message of a down one, has changed. */
  constructor(
    deps: ProbeWorkerDeps,
    work: { readonly assignment: ProbeAssignment; readonly schedule: Schedule },
    onChange: () => void,
  ) {
    this.#deps = deps;
    this.assignment = work.assignment;
    this.#schedule = work.schedule;
    this.#state = work.assignment.start.state;
    this.#onChange = onChange;
    this.#mayRunEarly = work.assignment.start.firstRun === 'restored';
    this.#wait(work.schedule.dueMs);
  }

  get state(): VerdictState {
    return this.#state;
  }

  /** Runs out of turn as soon as possible; the regular due times stay. */
  probeNow(): void {
    if (this.#isStopped || !this.#mayRunEarly) return;
    if (this.#run !== undefined) {
      this.#wantsExtra = true;
      return;
    }
    if (this.#isExtra) return;
    const atMs = Math.max(this.#deps.clock.monotonicMs(), this.#earliestExtraMs);
    if (atMs >= this.#schedule.dueMs) return;
    this.#isExtra = true;
    this.#earliestExtraMs = atMs + Math.min(this.assignment.periodMs, SMALLEST_EXTRA_GAP_MS);
    this.#wait(atMs);
  }

  /** Ends the worker and aborts a run under way, whose outcome then counts for nothing. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const run = this.#run;
    this.#run = undefined;
    run?.longestStallMs();
    this.#abortRuns('the target is no longer probed');
  }

  #wait(untilMs: number): void {
    this.#arm(untilMs - this.#deps.clock.monotonicMs(), this.#begin);
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#deps.clock.schedule(Math.max(0, delayMs), callback);
  }

  readonly #begin = (): void => {
    const { clock, observer, stalls } = this.#deps;
    const { probe } = this.assignment;
    const startedMs = clock.monotonicMs();
    const isExtra = this.#isExtra;
    // A timer may fire a fraction of a millisecond early.
    if (!isExtra) observer.started(probe.kind, Math.max(0, startedMs - this.#schedule.dueMs));
    const current: Run = { startedMs, isExtra, longestStallMs: stalls.watch() };
    this.#run = current;
    this.#isExtra = false;
    this.#mayRunEarly = true;
    this.#arm(probe.timeoutMs + GRACE_MS, this.#giveUp);
    void this.#observe(current).then((outcome) => this.#settle(current, outcome));
  };

  async #observe({ startedMs }: Run): Promise<ProbeOutcome> {
    const { probe, target } = this.assignment;
    const deadlineMs = startedMs + probe.timeoutMs;
    try {
      return await this.#deps.prober(probe, target, { deadlineMs, signal: this.#abort.signal });
    } catch (error) {
      return bug(error);
    }
  }

  readonly #giveUp = (): void => {
    const run = this.#run;
    if (run === undefined) return;
    const { timeoutMs } = this.assignment.probe;
    this.#settle(run, failure('Timeout', `no answer within ${durationText(timeoutMs)}`));
    this.#abortRuns('the deadline of the probe has passed');
  };

  #abortRuns(reason: string): void {
    this.#abort.abort(new Error(reason));
    this.#abort = new AbortController();
  }

  #settle(run: Run, reported: ProbeOutcome): void {
    const longestStallMs = run.longestStallMs();
    if (this.#run !== run) return;
    this.#run = undefined;
    const { probe, sentinel, target } = this.assignment;
    const outcome = doubt(reported, longestStallMs, probe.timeoutMs);
    const nowMs = this.#deps.clock.monotonicMs();
    this.#deps.observer.finished(probe.kind, outcome, nowMs - run.startedMs);
    if (sentinel && outcome.kind === 'success') this.#deps.sentinels.hold(target);
    const before = this.#state;
    const { state, transition } = step(before, outcome, probe);
    this.#state = state;
    this.#planNext(run, nowMs);
    if (transition !== undefined || messageOf(before) !== messageOf(state)) this.#onChange();
  }

  /** A run out of turn leaves the regular due time alone, unless a transition asks for an earlier one. */
  #planNext(run: Run, nowMs: number): void {
    const { phase, dueMs: regularMs } = this.#schedule;
    const at = { nowMs, inTransition: isInTransition(this.#state) };
    const served: Schedule = { phase, dueMs: run.isExtra ? run.startedMs : regularMs };
    const nextMs = nextDueMs(served, this.assignment, at);
    const isRegularAhead = run.isExtra && regularMs >= nowMs;
    const dueMs = isRegularAhead ? Math.min(nextMs, regularMs) : nextMs;
    this.#schedule = { phase, dueMs };
    this.#wait(dueMs);
    if (!this.#wantsExtra) return;
    this.#wantsExtra = false;
    this.probeNow();
  }
}

/** Smallest stall that counts: shorter ones are ordinary scheduling. */
const SMALLEST_STALL_MS = 50;

/**
 * A timeout that this process may have caused itself says nothing about the target. Other failures stand: a
 * refused connection is refused, however slowly it was heard of.
 */
function doubt(outcome: ProbeOutcome, stallMs: number, timeoutMs: number): ProbeOutcome {
  const isTimeout = outcome.kind === 'failure' && outcome.reason === 'Timeout';
  if (!isTimeout || stallMs < Math.max(SMALLEST_STALL_MS, timeoutMs / 10)) return outcome;
  return unknown('CheckerStalled', 'the prober itself was stopped while it waited for an answer');
}

/** What is shown for the state; constant while up. */
function messageOf(state: VerdictState): string {
  return state.verdict === 'down' ? state.message : '';
}
