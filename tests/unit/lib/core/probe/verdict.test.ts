import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure, type ProbeOutcome, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import {
  inherited,
  isInTransition,
  NOT_PROBED_YET,
  restored,
  START,
  step,
  type Thresholds,
  type VerdictState,
} from '#lib/core/probe/verdict.ts';

const OUTCOMES: Readonly<Record<string, ProbeOutcome>> = {
  S: SUCCESS,
  F: failure('ConnectionRefused', 'refused'),
  T: failure('Timeout', 'timed out'),
  U: unknown('CheckerStalled', 'stalled'),
};

function outcomeOf(letter: string): ProbeOutcome {
  const outcome = OUTCOMES[letter];
  if (outcome === undefined) throw new Error(`no outcome for the letter ${letter}`);
  return outcome;
}

/** Verdict letters after each outcome: `u` up, `d` down. */
function play(start: VerdictState, outcomes: string, thresholds: Thresholds): string {
  let state = start;
  let trace = '';
  for (const letter of outcomes) {
    state = step(state, outcomeOf(letter), thresholds).state;
    trace += state.verdict === 'up' ? 'u' : 'd';
  }
  return trace;
}

const UP_AFTER_2_DOWN_AFTER_3: Thresholds = { successThreshold: 2, failureThreshold: 3 };

describe('step', () => {
  const cases: readonly { name: string; start: VerdictState; given: string; want: string }[] = [
    { name: 'starts down and stays so on failures', start: START, given: 'FFF', want: 'ddd' },
    { name: 'turns up at the success threshold', start: START, given: 'SS', want: 'du' },
    { name: 'a failure starts the success run anew', start: START, given: 'SFSS', want: 'dddu' },
    { name: 'stays up below the failure threshold', start: restored('up'), given: 'FFSFF', want: 'uuuuu' },
    { name: 'turns down at the failure threshold', start: restored('up'), given: 'FTF', want: 'uud' },
    { name: 'unknown leaves a failure run as it is', start: restored('up'), given: 'FUFUF', want: 'uuuud' },
    { name: 'unknown leaves a success run as it is', start: START, given: 'SUUS', want: 'dddu' },
    { name: 'unknown alone moves nothing', start: restored('up'), given: 'UUUUU', want: 'uuuuu' },
    { name: 'the first failure decides on an inherited up', start: inherited('up'), given: 'F', want: 'd' },
    { name: 'unknown does not decide on an inherited up', start: inherited('up'), given: 'UUF', want: 'uud' },
    { name: 'a success confirms an inherited up', start: inherited('up'), given: 'SFFF', want: 'uuud' },
    {
      name: 'an inherited down needs the success threshold',
      start: inherited('down'),
      given: 'SS',
      want: 'du',
    },
    { name: 'a restored up keeps its thresholds', start: restored('up'), given: 'FF', want: 'uu' },
  ];
  it.each(cases)('$name', ({ start, given, want }) => {
    expect(play(start, given, UP_AFTER_2_DOWN_AFTER_3)).toBe(want);
  });

  it('gives the same object when an outcome changes nothing', () => {
    const up = restored('up');
    expect(step(up, SUCCESS, UP_AFTER_2_DOWN_AFTER_3).state).toBe(up);
    const down = restored('down', 'refused');
    expect(step(down, outcomeOf('F'), UP_AFTER_2_DOWN_AFTER_3).state).toBe(down);
  });
});

describe('message of a down target', () => {
  const cases: readonly { name: string; start: VerdictState; given: string; want: string }[] = [
    { name: 'says that nothing is known', start: START, given: '', want: NOT_PROBED_YET },
    { name: 'is the first failure at once', start: START, given: 'F', want: 'refused' },
    { name: 'is the first unknown at once', start: START, given: 'U', want: 'stalled' },
    { name: 'is the failure that turned it down', start: restored('up'), given: 'FFT', want: 'timed out' },
    { name: 'waits for the threshold to change', start: START, given: 'FTT', want: 'refused' },
    { name: 'changes at the threshold', start: START, given: 'FTTT', want: 'timed out' },
    { name: 'stays while failures alternate', start: START, given: 'FTTFTTFTT', want: 'refused' },
    { name: 'comes from unknown outcomes too', start: START, given: 'FUUU', want: 'stalled' },
    { name: 'stays during a success run', start: START, given: 'FS', want: 'refused' },
  ];
  it.each(cases)('$name', ({ start, given, want }) => {
    let state = start;
    for (const letter of given) state = step(state, outcomeOf(letter), UP_AFTER_2_DOWN_AFTER_3).state;
    expect(state).toMatchObject({ verdict: 'down', message: want });
  });
});

describe('isInTransition', () => {
  const cases: readonly { name: string; start: VerdictState; given: string; want: boolean }[] = [
    { name: 'not at the start', start: START, given: '', want: false },
    { name: 'not while a down target fails', start: START, given: 'FF', want: false },
    { name: 'while a down target succeeds', start: START, given: 'S', want: true },
    { name: 'while an up target fails', start: restored('up'), given: 'F', want: true },
    { name: 'still after an unknown outcome', start: restored('up'), given: 'FU', want: true },
    { name: 'not after the flip', start: restored('up'), given: 'FFF', want: false },
    { name: 'before an inherited up is confirmed', start: inherited('up'), given: '', want: true },
    { name: 'not after it is confirmed', start: inherited('up'), given: 'S', want: false },
  ];
  it.each(cases)('$name', ({ start, given, want }) => {
    let state = start;
    for (const letter of given) state = step(state, outcomeOf(letter), UP_AFTER_2_DOWN_AFTER_3).state;
    expect(isInTransition(state)).toBe(want);
  });
});

const anOutcome = fc.constantFrom('S', 'F', 'T', 'U');
const someThresholds = fc.record({
  successThreshold: fc.integer({ min: 1, max: 5 }),
  failureThreshold: fc.integer({ min: 1, max: 5 }),
});
const aStart = fc.constantFrom<VerdictState>(START, restored('up'), restored('down'));

/** The verdict that a full run at the end of the observed outcomes stands for, if there is one. */
function agreed(observed: readonly string[], thresholds: Thresholds): 'u' | 'd' | undefined {
  const successes = observed.slice(-thresholds.successThreshold);
  if (successes.length === thresholds.successThreshold && successes.every((letter) => letter === 'S'))
    return 'u';
  const failures = observed.slice(-thresholds.failureThreshold);
  if (failures.length === thresholds.failureThreshold && !failures.includes('S')) return 'd';
  return undefined;
}

describe('laws of step', () => {
  it('gives the verdict that the last observed outcomes agree on, and keeps the earlier one otherwise', () => {
    fc.assert(
      fc.property(aStart, fc.array(anOutcome), someThresholds, (start, letters, thresholds) => {
        const trace = play(start, letters.join(''), thresholds);
        letters.forEach((_, index) => {
          const before = index === 0 ? (start.verdict === 'up' ? 'u' : 'd') : trace[index - 1];
          const observed = letters.slice(0, index + 1).filter((letter) => letter !== 'U');
          expect(trace[index]).toBe(agreed(observed, thresholds) ?? before);
        });
      }),
    );
  });

  it('flips at most once per threshold of outcomes', () => {
    fc.assert(
      fc.property(aStart, fc.array(anOutcome), someThresholds, (start, letters, thresholds) => {
        let state = start;
        let flips = 0;
        for (const letter of letters) {
          const next = step(state, outcomeOf(letter), thresholds);
          if (next.transition !== undefined) flips++;
          state = next.state;
        }
        const smallest = Math.min(thresholds.successThreshold, thresholds.failureThreshold);
        expect(flips).toBeLessThanOrEqual(letters.length / smallest);
      }),
    );
  });
});
