import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPhases, takePhase } from '#lib/core/probe/phases.ts';
import {
  type FirstRun,
  firstSchedule,
  nextDueMs,
  type Pace,
  remainingDelayMs,
  type Schedule,
} from '#lib/core/probe/schedule.ts';

const SETTLED = { inTransition: false } as const;

/** Due times of targets that all start at the same moment, over the given span. */
function massStart(
  kind: FirstRun,
  targets: number,
  { pace, spanMs }: { pace: Pace; spanMs: number },
): number[] {
  const nowMs = 12_345.6;
  const dues: number[] = [];
  let phases = emptyPhases(pace.periodMs);
  for (let sequence = 0; sequence < targets; sequence++) {
    const step = takePhase(phases);
    phases = step.phases;
    const { phase } = step;
    const request = { kind, nowMs, phase, sequence, crowd: sequence + 1, delayMs: 0 };
    let schedule: Schedule = firstSchedule(request, pace);
    while (schedule.dueMs < nowMs + spanMs) {
      dues.push(schedule.dueMs - nowMs);
      schedule = { ...schedule, dueMs: nextDueMs(schedule, pace, { nowMs: schedule.dueMs + 1, ...SETTLED }) };
    }
  }
  return dues;
}

/** Busiest 50 ms of the span from `fromMs` to `toMs`, relative to the mean. */
function busiest(dues: readonly number[], fromMs: number, toMs: number): number {
  const buckets = new Array<number>(Math.round((toMs - fromMs) / 50)).fill(0);
  for (const due of dues) {
    const bucket = Math.floor((due - fromMs) / 50);
    if (bucket >= 0 && bucket < buckets.length) buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  const total = buckets.reduce((sum, count) => sum + count, 0);
  return Math.max(...buckets) / (total / buckets.length);
}

describe('spread after a mass start', () => {
  const cases = [
    { name: 'unknown targets, first period of 1 s', kind: 'unknown', periodMs: 1000, fromMs: 0 },
    { name: 'unknown targets, later', kind: 'unknown', periodMs: 1000, fromMs: 5000 },
    {
      name: 'unknown targets of a long period, once all are on their slots',
      kind: 'unknown',
      periodMs: 5000,
      fromMs: 10_000,
    },
    { name: 'restored targets, at once', kind: 'restored', periodMs: 5000, fromMs: 0 },
  ] as const;
  it.each(cases)('$name: no 50 ms is busier than 1.2 of the mean', ({ kind, periodMs, fromMs }) => {
    const toMs = fromMs + periodMs;
    const targets = periodMs * 1.5;
    const dues = massStart(kind, targets, { pace: { periodMs }, spanMs: toMs });
    expect(busiest(dues, fromMs, toMs)).toBeLessThanOrEqual(1.2);
  });

  it('probes every unknown target within a second', () => {
    const dues = massStart('unknown', 500, { pace: { periodMs: 60_000 }, spanMs: 1000 });
    expect(dues).toHaveLength(500);
  });
});

describe('firstSchedule', () => {
  const pace: Pace = { periodMs: 10_000 };
  const base = { nowMs: 1000, phase: 0.25, sequence: 7, crowd: 1, delayMs: 0 };

  it('probes a lone target within 20 ms, then on its slots', () => {
    const schedule = firstSchedule({ ...base, kind: 'unknown' }, pace);
    expect(schedule.dueMs).toBeGreaterThanOrEqual(1000);
    expect(schedule.dueMs).toBeLessThan(1020);
    const next = nextDueMs(schedule, pace, { nowMs: schedule.dueMs + 3, ...SETTLED });
    expect(next).toBeCloseTo(12_500, 3);
    const third = nextDueMs({ ...schedule, dueMs: next }, pace, { nowMs: next + 3, ...SETTLED });
    expect(third).toBeCloseTo(22_500, 3);
  });

  it('probes a second time after half a period at the soonest and one and a half at the latest', () => {
    for (let sequence = 0; sequence < 110; sequence += 1) {
      const request = { ...base, kind: 'unknown', phase: sequence / 110, sequence, crowd: 110 } as const;
      const schedule = firstSchedule(request, pace);
      const next = nextDueMs(schedule, pace, { nowMs: schedule.dueMs + 3, ...SETTLED });
      expect(next - schedule.dueMs).toBeGreaterThanOrEqual(5000);
      expect(next - schedule.dueMs).toBeLessThanOrEqual(15_000);
    }
  });

  it('probes a crowd of inherited targets within 100 ms', () => {
    const { dueMs } = firstSchedule({ ...base, crowd: 400, kind: 'inherited' }, pace);
    expect(dueMs - 1000).toBeLessThanOrEqual(100);
  });

  it('waits out the initial delay', () => {
    const { dueMs } = firstSchedule({ ...base, delayMs: 4000, kind: 'unknown' }, pace);
    expect(dueMs).toBeGreaterThanOrEqual(5000);
    expect(dueMs).toBeLessThan(5020);
  });
});

describe('nextDueMs', () => {
  const schedule: Schedule = { phase: 0.5, dueMs: 500 };
  const cases: readonly {
    name: string;
    pace: Pace;
    at: { nowMs: number; inTransition: boolean };
    want: number;
  }[] = [
    {
      name: 'is one period on',
      pace: { periodMs: 1000 },
      at: { nowMs: 510, inTransition: false },
      want: 1500,
    },
    {
      name: 'skips missed slots',
      pace: { periodMs: 1000 },
      at: { nowMs: 3700, inTransition: false },
      want: 4500,
    },
    {
      name: 'serves a slot late that was missed by less than the fast period',
      pace: { periodMs: 1000, fastPeriodMs: 100 },
      at: { nowMs: 1501, inTransition: false },
      want: 1500,
    },
    {
      name: 'skips a slot that was missed by more than the fast period',
      pace: { periodMs: 1000, fastPeriodMs: 100 },
      at: { nowMs: 1601, inTransition: false },
      want: 2500,
    },
    {
      name: 'is one fast period on in transition',
      pace: { periodMs: 1000, fastPeriodMs: 100 },
      at: { nowMs: 510, inTransition: true },
      want: 600,
    },
    {
      name: 'skips missed fast slots',
      pace: { periodMs: 1000, fastPeriodMs: 100 },
      at: { nowMs: 750, inTransition: true },
      want: 800,
    },
    {
      name: 'ignores a fast period outside a transition',
      pace: { periodMs: 1000, fastPeriodMs: 100 },
      at: { nowMs: 510, inTransition: false },
      want: 1500,
    },
    {
      name: 'ignores a fast period that is not faster',
      pace: { periodMs: 1000, fastPeriodMs: 2000 },
      at: { nowMs: 510, inTransition: true },
      want: 1500,
    },
  ];
  it.each(cases)('$name', ({ pace, at, want }) => {
    expect(nextDueMs(schedule, pace, at)).toBeCloseTo(want, 3);
  });

  it('never comes before the present, nor closer than the period from slot to slot, and at most one slot late', () => {
    const anInstant = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.constantFrom<FirstRun>('unknown', 'inherited', 'restored'),
          nowMs: anInstant,
          sequence: fc.integer({ min: 0, max: 100_000 }),
          crowd: fc.integer({ min: 1, max: 5000 }),
          phase: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
          delayMs: fc.constantFrom(0, 5000),
        }),
        fc.integer({ min: 100, max: 100_000 }),
        fc.array(fc.double({ min: 0, max: 300_000, noNaN: true }), { maxLength: 20 }),
        (request, periodMs, durations) => {
          const tolerance = periodMs * 1e-5;
          let schedule = firstSchedule(request, { periodMs });
          expect(schedule.dueMs).toBeGreaterThanOrEqual(request.nowMs + request.delayMs - tolerance);
          for (const [index, duration] of durations.entries()) {
            const nowMs = schedule.dueMs + duration;
            const dueMs = nextDueMs(schedule, { periodMs }, { nowMs, ...SETTLED });
            // The first run may lie between slots; the second brings the target onto them.
            const distanceMs = index === 0 ? periodMs / 2 : periodMs;
            const earliest = Math.max(nowMs, schedule.dueMs + distanceMs);
            expect(dueMs).toBeGreaterThanOrEqual(earliest - tolerance);
            expect(dueMs).toBeLessThanOrEqual(earliest + periodMs + tolerance);
            schedule = { ...schedule, dueMs };
          }
        },
      ),
    );
  });
});

describe('remainingDelayMs', () => {
  const cases: readonly { name: string; given: [number, number | undefined, number]; want: number }[] = [
    { name: 'counts from the start of the container', given: [10_000, 1000, 4000], want: 7000 },
    { name: 'is over after the delay', given: [10_000, 1000, 20_000], want: 0 },
    {
      name: 'a start in the future counts as a start just made',
      given: [10_000, 90_000, 4000],
      want: 10_000,
    },
    { name: 'nothing to count from: no delay', given: [10_000, undefined, 4000], want: 0 },
  ];
  it.each(cases)('$name', ({ given, want }) => {
    expect(remainingDelayMs(...given)).toBe(want);
  });
});
