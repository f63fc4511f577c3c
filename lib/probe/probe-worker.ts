import { judge, recheckDueMs } from '#lib/core/probe/overlap.ts';
import { learnAnswerTime, NO_ANSWER_YET, patienceMs } from '#lib/core/probe/patience.ts';
import { mayOverlap } from '#lib/core/probe/probe-needs.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { nextDueMs } from '#lib/core/probe/schedule.ts';
import { isInTransition, type VerdictState } from '#lib/core/probe/verdict.ts';
import type { Ringing, Timer } from '#lib/runtime/clock.ts';
import { doubt } from './doubt.ts';
import type { ProbeAssignment } from './probe-assignment.ts';
import { ProbeRun, type RunOwner, workOf } from './probe-run.ts';
import type { OwnedCheck, ProbeWork, ProbeWorkerDeps } from './probe-work.ts';

/** Runs out of turn are this far apart at least: a server that closes every connection must not cause a storm. */
const SMALLEST_EXTRA_GAP_MS = 1000;
/** A timer that is later says that this process is slow: no time to find the target slow. */
const LATE_TIMER_MS = 20;

const NO_RUNS: readonly ProbeRun[] = [];

/** Columns of a worker's numbers. */
const [PHASE, DUE, ARMED, LONGEST_ANSWER, EARLIEST_EXTRA] = [0, 1, 2, 3, 4];
/** How many numbers a worker has. */
export const WORKER_NUMBERS = 5;

/** What the one timer of a worker is for. */
type Awaited = 'regularRun' | 'extraRun' | 'recheck' | 'deadline';

const NOBODY: readonly string[] = [];

/**
 * Runs one probe against one target: waits until it is due, runs it under a total deadline, moves the verdict. Holds
 * one timer. It is one large object, because of ten thousand small ones the heads alone take memory. Runs overlap only
 * with a fast period and while an up target answers later than it ever does: see `lib/core/probe/overlap.ts`.
 */
export class ProbeWorker implements OwnedCheck, RunOwner, Ringing {
  readonly assignment: ProbeAssignment;
  owners = NOBODY;
  /** In the log of runs, and among the rows of numbers. */
  readonly place: number;
  readonly #deps: ProbeWorkerDeps;
  #state: VerdictState;
  readonly #numbers: Float64Array;
  readonly #from: number;
  /** Those that the verdict waits for, in order of start. */
  #runs: readonly ProbeRun[] = NO_RUNS;
  #awaited: Awaited = 'regularRun';
  readonly #timer: Timer;
  #isStopped = false;
  /** A reason to run out of turn came up while a run was under way that may have missed it. */
  #wantsExtra = false;
  /** Before the first due time nothing may run: the initial delay lasts. */
  #mayRunEarly: boolean;

  constructor(deps: ProbeWorkerDeps, work: ProbeWork) {
    this.#deps = deps;
    this.assignment = work.assignment;
    this.#numbers = work.numbers.block;
    this.#from = work.numbers.from;
    this.#numbers[this.#from + PHASE] = work.schedule.phase;
    this.place = work.place;
    this.#state = work.start.state;
    this.#mayRunEarly = work.start.firstRun === 'restored';
    this.#timer = deps.clock.timer(this);
    this.#dueMs = work.schedule.dueMs;
    this.#longestAnswerMs = NO_ANSWER_YET;
    this.#arm('regularRun', this.#dueMs);
  }

  get state(): VerdictState {
    return this.#state;
  }

  /** In [0, 1): where the slots of the target lie. */
  get phase(): number {
    return this.#number(PHASE);
  }

  /** Runs out of turn as soon as possible; the regular due times stay. */
  probeNow(): void {
    if (this.#isStopped || !this.#mayRunEarly) return;
    if (this.#runs.length > 0) {
      this.#wantsExtra = true;
      return;
    }
    if (this.#awaited === 'extraRun') return;
    const atMs = Math.max(this.#deps.clock.monotonicMs(), this.#earliestExtraMs);
    if (atMs >= this.#dueMs) return;
    this.#earliestExtraMs = atMs + Math.min(this.assignment.timing.periodMs, SMALLEST_EXTRA_GAP_MS);
    this.#arm('extraRun', atMs);
  }

  /** Ends the worker and cancels what is under way, whose outcome then counts for nothing. */
  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
    const runs = this.#runs;
    this.#runs = NO_RUNS;
    for (const run of runs) run.cancel();
  }

  /** Judges a run of this worker; part of running it. */
  ended(run: ProbeRun, reported: ProbeOutcome): void {
    const { clock, log, observer, stalls } = this.#deps;
    const lostTime = stalls.ended(run.startedMs);
    if (!this.#runs.includes(run)) return;
    const { probe } = this.assignment;
    const outcome = doubt(reported, lostTime, probe.timeoutMs);
    run.outcome = outcome;
    const nowMs = clock.monotonicMs();
    const durationMs = nowMs - run.startedMs;
    log.note(this.place, outcome, { endedMs: nowMs, durationMs });
    observer.finished(probe.kind, outcome, durationMs);
    if (outcome.kind === 'success') this.#noteAnswer(durationMs);
    const { state, left } = judge(this.#runs, this.#state, probe);
    this.#runs = left;
    const before = this.#state;
    this.#state = state;
    if (left.length === 0) this.#planNext(run, nowMs);
    else this.#watchRuns();
    if (state !== before) this.#tell(before);
  }

  /** Of the next regular run; of the one under way until it has ended. */
  get #dueMs(): number {
    return this.#number(DUE);
  }

  set #dueMs(ms: number) {
    this.#numbers[this.#from + DUE] = ms;
  }

  /** When the armed timer is due. */
  get #armedMs(): number {
    return this.#number(ARMED);
  }

  set #armedMs(ms: number) {
    this.#numbers[this.#from + ARMED] = ms;
  }

  /** Learned from successes while up. */
  get #longestAnswerMs(): number {
    return this.#number(LONGEST_ANSWER);
  }

  set #longestAnswerMs(ms: number) {
    this.#numbers[this.#from + LONGEST_ANSWER] = ms;
  }

  get #earliestExtraMs(): number {
    return this.#number(EARLIEST_EXTRA);
  }

  set #earliestExtraMs(ms: number) {
    this.#numbers[this.#from + EARLIEST_EXTRA] = ms;
  }

  #number(column: number): number {
    return this.#numbers[this.#from + column] ?? 0;
  }

  #arm(awaited: Awaited, atMs: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#awaited = awaited;
    this.#armedMs = Math.max(atMs, nowMs);
    this.#timer.arm(this.#armedMs - nowMs);
  }

  /** The time has come for what the timer is for. */
  ring(): void {
    switch (this.#awaited) {
      case 'regularRun':
      case 'extraRun':
        this.#begin(this.#awaited === 'extraRun');
        break;
      case 'recheck':
        this.#recheck();
        break;
      case 'deadline':
        this.#expireOldest();
    }
  }

  #begin(isExtra: boolean): void {
    const { clock, observer } = this.#deps;
    const startedMs = clock.monotonicMs();
    // A timer may fire a fraction of a millisecond early.
    if (!isExtra) observer.started(this.assignment.probe.kind, Math.max(0, startedMs - this.#armedMs));
    this.#mayRunEarly = true;
    this.#start({ startedMs, isExtra, dueMs: isExtra ? startedMs : this.#dueMs });
  }

  #start({ startedMs, isExtra, dueMs }: Pick<ProbeRun, 'startedMs' | 'isExtra' | 'dueMs'>): void {
    const deadlineMs = startedMs + this.assignment.probe.timeoutMs;
    const run = new ProbeRun({ startedMs, deadlineMs, dueMs, isExtra }, this);
    this.#deps.stalls.started();
    this.#runs = this.#runs.length === 0 ? [run] : [...this.#runs, run];
    this.#watchRuns();
    const { probe, target } = this.assignment;
    run.start(workOf(this.#deps.prober, probe, target, deadlineMs));
  }

  /** An answer that has arrived but is not read yet counts: a busy checker would call a prompt target late. */
  #expireOldest(): void {
    const run = this.#oldestWaiting();
    if (run !== undefined) this.#deps.clock.afterReads(() => run.expire());
  }

  /** Arms what comes first: one more run, or the deadline of the oldest one. */
  #watchRuns(notBeforeMs = 0): void {
    const waiting = this.#oldestWaiting();
    if (waiting === undefined) return;
    const { deadlineMs } = waiting;
    const recheckMs = this.#nextRecheckMs();
    const atMs = recheckMs === undefined ? deadlineMs : Math.max(recheckMs, notBeforeMs);
    if (atMs < deadlineMs) this.#arm('recheck', atMs);
    else this.#arm('deadline', deadlineMs);
  }

  #oldestWaiting(): ProbeRun | undefined {
    return this.#runs.find(({ outcome }) => outcome === undefined);
  }

  #nextRecheckMs(): number | undefined {
    const {
      probe,
      timing: { fastPeriodMs },
    } = this.assignment;
    if (fastPeriodMs === undefined || !mayOverlap(probe)) return undefined;
    const { failureThreshold, timeoutMs } = probe;
    const patience = patienceMs(this.#longestAnswerMs, { fastPeriodMs, timeoutMs });
    if (patience === undefined) return undefined;
    return recheckDueMs(this.#runs, this.#state, { failureThreshold, fastPeriodMs, patienceMs: patience });
  }

  #recheck(): void {
    const [oldest] = this.#runs;
    if (oldest === undefined) return;
    const nowMs = this.#deps.clock.monotonicMs();
    const lateMs = nowMs - this.#armedMs;
    // Whatever the target has answered meanwhile may lie unread: it gets the time that this process has lost.
    if (lateMs > LATE_TIMER_MS) this.#watchRuns(nowMs + lateMs);
    else this.#start({ startedMs: nowMs, isExtra: oldest.isExtra, dueMs: oldest.dueMs });
  }

  /** An answer of a target that is not up tells how long it was away, not how long it takes. */
  #noteAnswer(durationMs: number): void {
    const { timing, target } = this.assignment;
    if (timing.sentinel) this.#deps.sentinels.hold(target);
    if (this.#state.verdict === 'up')
      this.#longestAnswerMs = learnAnswerTime(this.#longestAnswerMs, durationMs);
  }

  #tell(before: VerdictState): void {
    const { timing, target } = this.assignment;
    const isFlip = before.verdict !== this.#state.verdict;
    // Its connection ended with the target, not for being idle: the next success begins anew.
    if (isFlip && before.verdict === 'up' && timing.sentinel) this.#deps.sentinels.release(target);
    if (isFlip || messageOf(before) !== messageOf(this.#state)) this.#deps.onChange(this);
  }

  /**
   * A run out of turn leaves the regular due time alone, unless a transition asks for an earlier one. Nothing is hurried
   * after an unknown outcome: where this process lacks time, faster runs would take the rest of it.
   */
  #planNext({ isExtra, dueMs: servedMs, outcome }: ProbeRun, nowMs: number): void {
    const regularMs = this.#dueMs;
    const inTransition = outcome?.kind !== 'unknown' && isInTransition(this.#state);
    const at = { nowMs, inTransition };
    const nextMs = nextDueMs({ phase: this.phase, dueMs: servedMs }, this.assignment.timing, at);
    const isRegularAhead = isExtra && regularMs >= nowMs;
    this.#dueMs = isRegularAhead ? Math.min(nextMs, regularMs) : nextMs;
    this.#arm('regularRun', this.#dueMs);
    if (!this.#wantsExtra) return;
    this.#wantsExtra = false;
    this.probeNow();
  }
}

/** What is shown for the state; constant while up. */
function messageOf(state: VerdictState): string {
  return state.verdict === 'down' ? state.message : '';
}
