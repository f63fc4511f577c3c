import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPhases, type Phases, returnPhase, takePhase } from '#lib/core/probe/phases.ts';

/** The phases of so many targets that come one after the other. */
function take(targets: number, periodMs: number): readonly number[] {
  let phases = emptyPhases(periodMs);
  return Array.from({ length: targets }, () => {
    const step = takePhase(phases);
    phases = step.phases;
    return step.phase;
  });
}

const WINDOW_MS = 50;

/** How many of the starts of a period lie within the same 50 ms, wherever these begin. */
function busiestWindow(startsMs: readonly number[], periodMs: number): number {
  const sorted = startsMs.map((startMs) => startMs % periodMs).toSorted((a, b) => a - b);
  const unrolled = [...sorted, ...sorted.map((startMs) => startMs + periodMs)];
  let [busiest, end] = [0, 0];
  for (const [begin, startMs] of sorted.entries()) {
    while ((unrolled[end] ?? Number.POSITIVE_INFINITY) < startMs + WINDOW_MS) end++;
    busiest = Math.max(busiest, end - begin);
  }
  return busiest;
}

describe('takePhase', () => {
  it.each([
    { name: 'ten seconds', periodMs: 10_000, targets: 110, want: 16 },
    { name: 'one second', periodMs: 1000, targets: 990, want: 19 },
    { name: 'two seconds', periodMs: 2000, targets: 990, want: 38 },
  ])('wakes up for a few targets of $name in groups', ({ periodMs, targets, want }) => {
    expect(new Set(take(targets, periodMs)).size).toBe(want);
  });

  it('spreads many targets over their bins', () => {
    const phases = take(5000, 10_000).map((phase) => phase.toFixed(9));
    const groups = [...Map.groupBy(phases, (phase) => phase).values()].map(({ length }) => length);
    expect(Math.max(...groups)).toBeLessThanOrEqual(7);
  });

  it('keeps few targets far apart', () => {
    const phases = take(4, 10_000).toSorted((a, b) => a - b);
    const gaps = phases.map((phase, index) => (phases[index + 1] ?? (phases[0] ?? 0) + 1) - phase);
    expect(Math.min(...gaps)).toBeGreaterThan(0.1);
  });

  it('starts at most 1.2 × the mean in any 50 ms, also when starts are late by up to 2.5 ms', () => {
    const aCrowd = fc.record({
      targets: fc.integer({ min: 300, max: 6000 }),
      periodMs: fc.constantFrom(1000, 2000),
      lateness: fc.infiniteStream(fc.double({ min: 0, max: 2.5, noNaN: true })),
    });
    fc.assert(
      fc.property(aCrowd, ({ targets, periodMs, lateness }) => {
        fc.pre(targets >= periodMs / 3);
        const starts = take(targets, periodMs).map(
          (phase) => phase * periodMs + (lateness.next().value ?? 0),
        );
        expect(busiestWindow(starts, periodMs)).toBeLessThanOrEqual((1.2 * targets * WINDOW_MS) / periodMs);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the bins even whoever comes and goes', () => {
    const aMove = fc.oneof(fc.constant('come' as const), fc.nat(10_000));
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 200_000 }),
        fc.array(aMove, { maxLength: 300 }),
        (periodMs, moves) => {
          let phases: Phases = emptyPhases(periodMs);
          const present: number[] = [];
          for (const move of moves) {
            if (move === 'come') {
              const smallest = Math.min(...phases.counts);
              const step = takePhase(phases);
              expect(step.phase).toBeGreaterThanOrEqual(0);
              expect(step.phase).toBeLessThan(1);
              const grown = step.phases.counts.findIndex((count, bin) => count !== phases.counts[bin]);
              expect(phases.counts[grown]).toBe(smallest);
              expect(returnPhase(step.phases, step.phase)).toEqual(phases);
              phases = step.phases;
              present.push(step.phase);
            } else {
              const [gone] = present.splice(move % Math.max(1, present.length), 1);
              if (gone !== undefined) phases = returnPhase(phases, gone);
            }
            expect(phases.counts.reduce((sum, count) => sum + count, 0)).toBe(present.length);
          }
        },
      ),
    );
  });
});
