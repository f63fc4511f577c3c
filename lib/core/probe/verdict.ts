import { assertNever } from '#lib/core/assert-never.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';

/** What the outcomes of one probe say about one target so far. */
export type Verdict = 'up' | 'down';

/** How many equal outcomes in a row change a verdict. Both at least 1. */
export interface Thresholds {
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** A message that differs from the shown one, and how many outcomes in a row have brought it. */
interface PendingMessage {
  readonly text: string;
  readonly run: number;
}

/** State of one probe of one target. `step` gives the same object back when an outcome changes nothing. */
export type VerdictState = UpState | DownState;

export interface UpState {
  readonly verdict: 'up';
  /** Failures in a row so far, less than the failure threshold. */
  readonly contraryRun: number;
  /** The verdict was made by an earlier definition of the probe: the first observed outcome decides. */
  readonly isProvisional: boolean;
}

export interface DownState {
  readonly verdict: 'down';
  /** Successes in a row so far, less than the success threshold. */
  readonly contraryRun: number;
  /** Why it is down, for people. */
  readonly message: string;
  readonly pending?: PendingMessage;
}

export interface Step {
  readonly state: VerdictState;
  /** Present when the verdict has changed. */
  readonly transition?: Verdict;
}

/** Shown for a target until its first outcome. */
export const NOT_PROBED_YET = 'not probed yet';

/** Where every target starts: down until enough successes. */
export const START: DownState = { verdict: 'down', contraryRun: 0, message: NOT_PROBED_YET };

/** A verdict that the same probe definition has made earlier, before a restart of the agent. */
export function restored(verdict: Verdict, message: string = NOT_PROBED_YET): VerdictState {
  return verdict === 'up' ? UP : { verdict, contraryRun: 0, message };
}

/** Of nearly all targets, for as long as they are well. */
const UP: UpState = { verdict: 'up', contraryRun: 0, isProvisional: false };

/**
 * A verdict that an earlier definition of the probe has made. An up one stands until the first observed outcome,
 * which decides alone: nothing healthy leaves unprobed, nothing unhealthy hides behind an old verdict. A down
 * one is an ordinary down, so that the success threshold holds.
 */
export function inherited(verdict: Verdict, message: string = NOT_PROBED_YET): VerdictState {
  return verdict === 'up'
    ? { verdict, contraryRun: 0, isProvisional: true }
    : { verdict, contraryRun: 0, message };
}

/** Whether the last observed outcome contradicts the verdict, or none has been observed for it. */
export function isInTransition(state: VerdictState): boolean {
  return state.contraryRun > 0 || (state.verdict === 'up' && state.isProvisional);
}

/** The state after one more outcome. An unknown one moves no run; it can only change the message shown. */
export function step(state: VerdictState, outcome: ProbeOutcome, thresholds: Thresholds): Step {
  switch (outcome.kind) {
    case 'success':
      return state.verdict === 'up' ? confirmUp(state) : succeed(state, thresholds);
    case 'failure':
      return state.verdict === 'up'
        ? fail(state, outcome.message, thresholds)
        : { state: explain(resetRun(state), outcome.message, thresholds) };
    case 'unknown':
      return { state: state.verdict === 'up' ? state : explain(state, outcome.message, thresholds) };
    default:
      return assertNever(outcome, 'probe outcome');
  }
}

function confirmUp(state: UpState): Step {
  const isConfirmed = state.contraryRun === 0 && !state.isProvisional;
  return { state: isConfirmed ? state : restored('up') };
}

function succeed(state: DownState, { successThreshold }: Thresholds): Step {
  const contraryRun = state.contraryRun + 1;
  if (contraryRun >= successThreshold) return { state: restored('up'), transition: 'up' };
  return { state: { ...state, contraryRun } };
}

function fail(state: UpState, message: string, { failureThreshold }: Thresholds): Step {
  const contraryRun = state.contraryRun + 1;
  if (state.isProvisional || contraryRun >= failureThreshold) {
    return { state: restored('down', message), transition: 'down' };
  }
  return { state: { ...state, contraryRun } };
}

function resetRun(state: DownState): DownState {
  return state.contraryRun === 0 ? state : { ...state, contraryRun: 0 };
}

/**
 * Takes a message over at once where nothing is known yet; later only after it has come as often as failures
 * turn a target down, and at least twice. A target whose failures alternate would otherwise cost a write a run.
 */
function explain(state: DownState, text: string, { failureThreshold }: Thresholds): DownState {
  const { pending, ...shown } = state;
  if (text === state.message) return pending === undefined ? state : shown;
  const run = pending?.text === text ? pending.run + 1 : 1;
  if (state.message === NOT_PROBED_YET || run >= Math.max(2, failureThreshold)) {
    return { ...shown, message: text };
  }
  return { ...shown, pending: { text, run } };
}
