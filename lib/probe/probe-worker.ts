import { judge, recheckDueMs, type StartedRun } from '#lib/core/probe/overlap.ts';
import { learnAnswerTime, NO_ANSWER_YET, patienceMs } from '#lib/core/probe/patience.ts';
import { mayOverlap } from '#lib/core/probe/probe-needs.ts';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { nextDueMs, type Schedule } from '#lib/core/probe/schedule.ts';
import { isInTransition, type VerdictState } from '#lib/core/probe/verdict.ts';
import { bug } from './attempt.ts';
import { doubt, type LostTime } from './doubt.ts';
import { durationText } from './duration-text.ts';
import type { ProbeAssignment } from './probe-assignment.ts';
import type { ProbeWork, ProbeWorkerDeps } from './probe-work.ts';
import type { ProbeRun } from './prober.ts';

/** One run under way. What it stands for in the schedule, one beside others has from the first of them. */
interface Run extends StartedRun, ProbeRun {
  /** Out of turn. */
  readonly isExtra: boolean;
  /** When it was due; out of turn: when it was started. */
  readonly dueMs: number;
  readonly lostTime: () => LostTime;
  outcome: ProbeOutcome | undefined;
}

/** A prober ends its run at the deadline by itself; one that has not this much later is given up. */
const GRACE_MS = 250;
/** Runs out of turn are this far apart at least: a server that closes every connection must not cause a storm. */
const SMALLEST_EXTRA_GAP_MS = 1000;
/** A timer that is later says that this process is slow: no time to find the target slow. */
const LATE_TIMER_MS = 20;

const NO_RUNS: readonly Run[] = [];

/**
 * Runs one probe against one target: waits until it is due, runs it under a total deadline, moves the verdict. Holds
 * one timer. Runs overlap only with a fast period and while an up target answers later than it ever does: see
 * `lib/core/probe/overlap.ts`.
 */
export class ProbeWorker {
  readonly assignment: ProbeAssignment;
  readonly #deps: ProbeWorkerDeps;
  readonly #onChange: () => void;
  readonly #place: number;
  #state: VerdictState;
  #schedule: Schedule;
  /** Those that the verdict waits for, in order of start. */
  #runs: readonly Run[] = NO_RUNS;
  /** Learned from successes while up. */
  #longestAnswerMs = NO_ANSWER_YET;
  /** When the armed timer is due. */
  #armedMs = 0;
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;
  /** The armed timer is for a run out of turn. */
  #isExtra = false;
  /** A reason to run out of turn came up while a run was under way that may have missed it. */
  #wantsExtra = false;
  #earliestExtraMs = 0;
  /** Before the first due time nothing may run: the initial delay lasts. */
  #mayRunEarly: boolean;

  /** `onChange` is called when the verdict, or the message of a down one, has changed. */
  constructor(deps: ProbeWorkerDeps, work: ProbeWork, onChange: () => void) {
    this.#deps = deps;
    this.assignment = work.assignment;
    this.#schedule = work.schedule;
    this.#place = work.place;
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
    if (this.#runs.length > 0) {
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

  /** Ends the worker and cancels what is under way, whose outcome then counts for nothing. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const runs = this.#runs;
    this.#runs = NO_RUNS;
    for (const run of runs) {
      run.lostTime();
      run.cancel?.();
    }
  }

  #wait(untilMs: number): void {
    this.#arm(untilMs, this.#begin);
  }

  #arm(atMs: number, callback: () => void): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#armedMs = Math.max(atMs, nowMs);
    this.#cancelTimer?.();
    this.#cancelTimer = this.#deps.clock.schedule(this.#armedMs - nowMs, callback);
  }

  readonly #begin = (): void => {
    const { clock, observer } = this.#deps;
    const startedMs = clock.monotonicMs();
    const isExtra = this.#isExtra;
    const dueMs = isExtra ? startedMs : this.#schedule.dueMs;
    // A timer may fire a fraction of a millisecond early.
    if (!isExtra) observer.started(this.assignment.probe.kind, Math.max(0, startedMs - this.#armedMs));
    this.#isExtra = false;
    this.#mayRunEarly = true;
    this.#start(startedMs, isExtra, dueMs);
  };

  #start(startedMs: number, isExtra: boolean, dueMs: number): void {
    const deadlineMs = startedMs + this.assignment.probe.timeoutMs;
    const lostTime = this.#deps.stalls.watch();
    const run: Run = {
      startedMs,
      deadlineMs,
      isExtra,
      dueMs,
      lostTime,
      cancel: undefined,
      outcome: undefined,
    };
    this.#runs = this.#runs.length === 0 ? [run] : [...this.#runs, run];
    this.#watchRuns();
    this.#probe(run).then(
      (outcome) => this.#settle(run, outcome),
      (error: unknown) => this.#settle(run, bug(error)),
    );
  }

  #probe(run: Run): Promise<ProbeOutcome> {
    const { probe, target } = this.assignment;
    try {
      return this.#deps.prober(probe, target, run);
    } catch (error) {
      return Promise.resolve(bug(error));
    }
  }

  /** Arms what comes first: one more run, or giving up the oldest one. */
  #watchRuns(notBeforeMs = 0): void {
    const waiting = this.#oldestWaiting();
    if (waiting === undefined) return;
    const giveUpMs = waiting.deadlineMs + GRACE_MS;
    const recheckMs = this.#nextRecheckMs();
    const atMs = recheckMs === undefined ? giveUpMs : Math.max(recheckMs, notBeforeMs);
    if (atMs < giveUpMs) this.#arm(atMs, this.#recheck);
    else this.#arm(giveUpMs, this.#giveUp);
  }

  #oldestWaiting(): Run | undefined {
    return this.#runs.find(({ outcome }) => outcome === undefined);
  }

  #nextRecheckMs(): number | undefined {
    const { fastPeriodMs, probe } = this.assignment;
    if (fastPeriodMs === undefined || !mayOverlap(probe)) return undefined;
    const { failureThreshold, timeoutMs } = probe;
    const patience = patienceMs(this.#longestAnswerMs, { fastPeriodMs, timeoutMs });
    if (patience === undefined) return undefined;
    return recheckDueMs(this.#runs, this.#state, { failureThreshold, fastPeriodMs, patienceMs: patience });
  }

  readonly #recheck = (): void => {
    const [oldest] = this.#runs;
    if (oldest === undefined) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const lateMs = nowMs - this.#armedMs;
    // Whatever the target has answered meanwhile may lie unread: it gets the time that this process has lost.
    if (lateMs > LATE_TIMER_MS) this.#watchRuns(nowMs + lateMs);
    else this.#start(nowMs, oldest.isExtra, oldest.dueMs);
  };

  readonly #giveUp = (): void => {
    const run = this.#oldestWaiting();
    if (run === undefined) return;
    const { timeoutMs } = this.assignment.probe;
    this.#settle(run, failure('Timeout', `no answer within ${durationText(timeoutMs)}`));
    run.cancel?.();
  };

  #settle(run: Run, reported: ProbeOutcome): void {
    const lostTime = run.lostTime();
    if (run.outcome !== undefined || !this.#runs.includes(run)) return;
    const { probe } = this.assignment;
    const outcome = doubt(reported, lostTime, probe.timeoutMs);
    run.outcome = outcome;
    const { clock, log, observer } = this.#deps;
    const nowMs = clock.monotonicMs();
    const durationMs = nowMs - run.startedMs;
    log.note(this.#place, outcome, { endedMs: nowMs, durationMs });
    observer.finished(probe.kind, outcome, durationMs);
    if (outcome.kind === 'success') this.#noteAnswer(durationMs);
    const { state, left } = judge(this.#runs, this.#state, probe);
    this.#runs = left;
    const before = this.#state;
    this.#state = state;
    if (left.length === 0) this.#planNext(run, nowMs);
    else this.#watchRuns();
    this.#tell(before);
  }

  /** An answer of a target that is not up tells how long it was away, not how long it takes. */
  #noteAnswer(durationMs: number): void {
    const { sentinel, target } = this.assignment;
    if (sentinel) this.#deps.sentinels.hold(target);
    if (this.#state.verdict === 'up')
      this.#longestAnswerMs = learnAnswerTime(this.#longestAnswerMs, durationMs);
  }

  #tell(before: VerdictState): void {
    const { sentinel, target } = this.assignment;
    const isFlip = before.verdict !== this.#state.verdict;
    // Its connection ended with the target, not for being idle: the next success begins anew.
    if (isFlip && before.verdict === 'up' && sentinel) this.#deps.sentinels.release(target);
    if (isFlip || messageOf(before) !== messageOf(this.#state)) this.#onChange();
  }

  /**
   * A run out of turn leaves the regular due time alone, unless a transition asks for an earlier one. Nothing is hurried
   * after an unknown outcome: where this process lacks time, faster runs would take the rest of it.
   */
  #planNext({ isExtra, dueMs: servedMs, outcome }: Run, nowMs: number): void {
    const { phase, dueMs: regularMs } = this.#schedule;
    const inTransition = outcome?.kind !== 'unknown' && isInTransition(this.#state);
    const at = { nowMs, inTransition };
    const nextMs = nextDueMs({ phase, dueMs: servedMs }, this.assignment, at);
    const isRegularAhead = isExtra && regularMs >= nowMs;
    const dueMs = isRegularAhead ? Math.min(nextMs, regularMs) : nextMs;
    this.#schedule = { phase, dueMs };
    this.#wait(dueMs);
    if (!this.#wantsExtra) return;
    this.#wantsExtra = false;
    this.probeNow();
  }
}

/** What is shown for the state; constant while up. */
function messageOf(state: VerdictState): string {
  return state.verdict === 'down' ? state.message : '';
}
