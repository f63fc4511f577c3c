import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnAnswerTime, NO_ANSWER_YET, patienceMs } from '#lib/core/probe/patience.ts';

const PACE = { fastPeriodMs: 50, timeoutMs: 1000 };

function learnAll(durations: readonly number[], from = NO_ANSWER_YET): number {
  return durations.reduce(learnAnswerTime, from);
}

describe('patienceMs', () => {
  const cases: readonly { name: string; longestMs: number; pace?: typeof PACE; want: number | undefined }[] =
    [
      { name: 'doubts nobody before the first answer', longestMs: NO_ANSWER_YET, want: undefined },
      { name: 'gives a quick target the smallest patience', longestMs: 2, want: 50 },
      { name: 'grows with the answers', longestMs: 200, want: 300 },
      { name: 'does not reach the deadline', longestMs: 700, want: undefined },
      { name: 'is a fast period at least', longestMs: 2, pace: { ...PACE, fastPeriodMs: 400 }, want: 400 },
      {
        name: 'has no use for a fast period above the timeout',
        longestMs: 2,
        pace: { ...PACE, fastPeriodMs: 2000 },
        want: undefined,
      },
      {
        name: 'is no shorter for a shorter fast period',
        longestMs: 2,
        pace: { ...PACE, fastPeriodMs: 20 },
        want: 50,
      },
    ];
  it.each(cases)('$name', ({ longestMs, pace = PACE, want }) => {
    expect(patienceMs(longestMs, pace)).toBe(want);
  });
});

describe('learnAnswerTime', () => {
  it('learns a lasting change from a few answers', () => {
    expect(learnAll([300, 300, 300, 300, 300])).toBe(300);
  });

  it('learns little from one late answer', () => {
    expect(learnAll([5, 5, 900])).toBe(25);
  });

  it('forgets half within 44 answers', () => {
    const later = learnAll(new Array<number>(44).fill(1), 401);
    expect(later).toBeLessThan(202);
    expect(later).toBeGreaterThan(190);
  });

  it('stays between the quickest and the slowest answer', () => {
    const durations = fc.array(fc.double({ min: 0.1, max: 5000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(durations, (given) => {
        const learned = learnAll(given);
        expect(learned).toBeGreaterThanOrEqual(Math.min(25, ...given) - 1e-9);
        expect(learned).toBeLessThanOrEqual(Math.max(...given) + 1e-9);
      }),
    );
  });
});
