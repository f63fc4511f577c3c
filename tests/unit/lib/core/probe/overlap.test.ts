import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, recheckDueMs, type StartedRun } from '#lib/core/probe/overlap.ts';
import { failure, type ProbeOutcome, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import {
  inherited,
  restored,
  START,
  step,
  type Thresholds,
  type VerdictState,
} from '#lib/core/probe/verdict.ts';

const REFUSED = failure('ConnectionRefused', 'refused');
const TIMED_OUT = failure('Timeout', 'timed out');
const STALLED = unknown('CheckerStalled', 'stalled');
const UP = restored('up');
const THRESHOLDS: Thresholds = { successThreshold: 1, failureThreshold: 3 };

function started(startedMs: number, outcome?: ProbeOutcome): StartedRun {
  return { startedMs, outcome };
}

describe('judge', () => {
  it('holds back what has ended before an earlier run', () => {
    const runs = [started(0), started(50, REFUSED), started(100, REFUSED)];
    expect(judge(runs, UP, THRESHOLDS)).toEqual({ state: UP, left: runs });
  });

  it('moves the verdict by all whose turn has come', () => {
    const waiting = started(150);
    const runs = [started(0, TIMED_OUT), started(50, REFUSED), started(100, REFUSED), waiting];
    const { state, left } = judge(runs, UP, THRESHOLDS);
    expect({ verdict: state.verdict, left }).toEqual({ verdict: 'down', left: [waiting] });
  });

  it('lets the answer of the oldest run count before the failures of later ones', () => {
    const runs = [started(0, SUCCESS), started(50, REFUSED), started(100, REFUSED)];
    const failedTwice: VerdictState = { ...UP, verdict: 'up', contraryRun: 2, isProvisional: false };
    expect(judge(runs, failedTwice, THRESHOLDS).state).toMatchObject({ verdict: 'up', contraryRun: 2 });
  });
});

describe('recheckDueMs', () => {
  const failing = (contraryRun: number): VerdictState => ({
    verdict: 'up',
    contraryRun,
    isProvisional: false,
  });
  const cases: readonly {
    name: string;
    runs: readonly StartedRun[];
    state?: VerdictState;
    failureThreshold?: number;
    want: number | undefined;
  }[] = [
    { name: 'nothing runs', runs: [], want: undefined },
    { name: 'one run waits', runs: [started(1000)], want: 1200 },
    { name: 'two wait', runs: [started(1000), started(1200)], want: 1250 },
    { name: 'as many wait as turn it down', runs: [started(0), started(200), started(250)], want: undefined },
    { name: 'a later one was answered', runs: [started(0), started(200, SUCCESS)], want: undefined },
    { name: 'a later one could not be made', runs: [started(0), started(200, STALLED)], want: undefined },
    { name: 'a later one has failed', runs: [started(0), started(200, REFUSED)], want: 250 },
    { name: 'the oldest of two has just been judged', runs: [started(200)], want: 400 },
    { name: 'one failure is missing', runs: [started(0)], state: failing(2), want: undefined },
    { name: 'two failures are missing', runs: [started(0)], state: failing(1), want: 200 },
    { name: 'the target is down', runs: [started(0)], state: START, want: undefined },
    { name: 'one failure decides', runs: [started(0)], state: inherited('up'), want: undefined },
    { name: 'one failure is enough', runs: [started(0)], failureThreshold: 1, want: undefined },
    {
      name: 'ten wait, whatever the threshold',
      runs: Array.from({ length: 10 }, (_, index) => started(index)),
      failureThreshold: 100,
      want: undefined,
    },
  ];
  it.each(cases)('$name → $want', ({ runs, state = UP, failureThreshold = 3, want }) => {
    const pace = { failureThreshold, fastPeriodMs: 50, patienceMs: 200 };
    expect(recheckDueMs(runs, state, pace)).toBe(want);
  });
});

const anOutcome = fc.constantFrom<ProbeOutcome>(SUCCESS, REFUSED, TIMED_OUT, STALLED);
const someThresholds = fc.record({
  successThreshold: fc.integer({ min: 1, max: 4 }),
  failureThreshold: fc.integer({ min: 1, max: 4 }),
});
const aStart = fc.constantFrom<VerdictState>(START, UP, inherited('up'), restored('down'));
/** Outcomes in order of start, each with a number by whose size they end. */
const aHistory = fc.array(fc.record({ outcome: anOutcome, end: fc.double({ noNaN: true }) }), {
  maxLength: 12,
});

/** What a worker that runs one probe at a time makes of the outcomes. */
function sequential(
  state: VerdictState,
  outcomes: readonly ProbeOutcome[],
  thresholds: Thresholds,
): VerdictState {
  return outcomes.reduce((before, outcome) => step(before, outcome, thresholds).state, state);
}

describe('law of order', () => {
  it('whatever the order of ends, the verdict is that of one run at a time over the outcomes judged so far', () => {
    fc.assert(
      fc.property(aStart, aHistory, someThresholds, (start, history, thresholds) => {
        let runs: readonly { startedMs: number; outcome: ProbeOutcome | undefined }[] = history.map(
          (_, startedMs) => ({ startedMs, outcome: undefined }),
        );
        let state = start;
        const order = history.map((_, index) => index);
        for (const index of order.toSorted((a, b) => (history[a]?.end ?? 0) - (history[b]?.end ?? 0))) {
          const ended = { startedMs: index, outcome: history[index]?.outcome };
          runs = runs.map((run) => (run.startedMs === index ? ended : run));
          ({ state, left: runs } = judge(runs, state, thresholds));
          const judged = history.slice(0, history.length - runs.length).map(({ outcome }) => outcome);
          expect(state).toEqual(sequential(start, judged, thresholds));
        }
        expect(runs).toEqual([]);
      }),
    );
  });

  it('the runs that overlap cannot turn a target down unless the first of them fails', () => {
    const others = fc.array(anOutcome, { maxLength: 20 });
    const someFailures = fc.integer({ min: 0, max: 3 });
    fc.assert(
      fc.property(others, someThresholds, someFailures, (outcomes, thresholds, failed) => {
        const state: VerdictState = {
          verdict: 'up',
          contraryRun: Math.min(failed, thresholds.failureThreshold - 1),
          isProvisional: false,
        };
        const pace = { ...thresholds, fastPeriodMs: 50, patienceMs: 100 };
        let runs: readonly StartedRun[] = [started(0)];
        for (const outcome of outcomes) {
          const dueMs = recheckDueMs(runs, state, pace);
          if (dueMs === undefined) break;
          runs = [...runs, started(dueMs, outcome)];
        }
        const [first, ...later] = runs;
        const ended = [{ ...first, startedMs: 0, outcome: SUCCESS }, ...later];
        expect(judge(ended, state, thresholds).state.verdict).toBe('up');
      }),
    );
  });
});
