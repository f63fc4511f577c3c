import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPhases, type Phases, returnPhase, type TakenPhase, takePhase } from '#lib/core/probe/phases.ts';

/** The phases of so many targets that come one after the other. */
function take(targets: number, periodMs: number): readonly TakenPhase[] {
  let phases = emptyPhases(periodMs);
  return Array.from({ length: targets }, () => {
    const step = takePhase(phases);
    phases = step.phases;
    return step.taken;
  });
}

describe('takePhase', () => {
  it.each([
    { name: 'ten seconds', periodMs: 10_000, targets: 110, want: 16 },
    { name: 'one second', periodMs: 1000, targets: 280, want: 40 },
  ])('wakes up for a few targets of $name in groups', ({ periodMs, targets, want }) => {
    expect(new Set(take(targets, periodMs).map(({ phase }) => phase)).size).toBe(want);
  });

  it('spreads many targets over their bins', () => {
    const phases = take(5000, 10_000).map(({ phase }) => phase.toFixed(9));
    const groups = [...Map.groupBy(phases, (phase) => phase).values()].map(({ length }) => length);
    expect(Math.max(...groups)).toBeLessThanOrEqual(7);
  });

  it('wakes up for groups also where there are many targets, and holds equally many in any part of a period', () => {
    const targets = 1000;
    const phases = take(targets, 1000).map(({ phase }) => phase);
    expect(new Set(phases).size).toBeLessThanOrEqual(40);
    // Windows of 50 ms that begin anywhere, but not with a group: rounding would count one at either end.
    const inWindow = (from: number) => phases.filter((phase) => (phase - from + 1) % 1 < 0.05).length;
    const busiest = Math.max(...Array.from({ length: 200 }, (_, index) => inWindow((index + 0.5) / 200)));
    expect(busiest).toBeLessThanOrEqual((1.2 * targets) / 20);
  });

  it('keeps few targets far apart', () => {
    const phases = take(4, 10_000)
      .map(({ phase }) => phase)
      .toSorted((a, b) => a - b);
    const gaps = phases.map((phase, index) => (phases[index + 1] ?? (phases[0] ?? 0) + 1) - phase);
    expect(Math.min(...gaps)).toBeGreaterThan(0.1);
  });

  it('starts at most 1.2 × the mean in any 50 ms of a second', () => {
    const ofManyTargets = fc.integer({ min: 300, max: 10_000 });
    fc.assert(
      fc.property(ofManyTargets, fc.integer({ min: 0, max: 49 }), (targets, offsetMs) => {
        const starts = take(targets, 1000).map(({ phase }) => Math.round(phase * 1e6) / 1000);
        const buckets = Map.groupBy(starts, (startMs) => Math.floor(((startMs + offsetMs) % 1000) / 50));
        const busiest = Math.max(...[...buckets.values()].map(({ length }) => length));
        expect(busiest).toBeLessThanOrEqual((1.2 * targets) / 20);
      }),
      { numRuns: 50 },
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
          const present: TakenPhase[] = [];
          for (const move of moves) {
            if (move === 'come') {
              const smallest = Math.min(...phases.counts);
              const step = takePhase(phases);
              expect(phases.counts[step.taken.bin]).toBe(smallest);
              expect(step.taken.phase).toBeGreaterThanOrEqual(0);
              expect(step.taken.phase).toBeLessThan(1);
              phases = step.phases;
              present.push(step.taken);
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
