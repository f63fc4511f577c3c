import { describe, expect, it } from 'vitest';
import { startDrift, startSpread } from '../../../../bench/measure/start-drift.ts';

const PERIOD_MS = 1000;

describe('startDrift', () => {
  it('is the distance from the earliest run of the target, modulo the period', () => {
    const seen = new Map([
      ['a', [100, 1103, 2101]],
      ['b', [999.5, 2001.5, 2999.5]],
    ]);
    expect(startDrift(seen, seen, PERIOD_MS)).toEqual({ count: 6, p50: 0, p99: 3, max: 3 });
  });

  it('knows the slot from the reference', () => {
    const drift = startDrift(new Map([['a', [5160]]]), new Map([['a', [100, 5160]]]), PERIOD_MS);
    expect(drift.max).toBe(60);
  });
});

describe('startSpread', () => {
  it('is 1 where targets lie evenly', () => {
    const seen = new Map(Array.from({ length: 1000 }, (_, index) => [`t${index}`, [index + 0.5]]));
    expect(startSpread(seen, PERIOD_MS, 50)).toEqual({ busiest: 50, mean: 50, factor: 1 });
  });

  it('finds a crowd wherever the buckets begin', () => {
    const seen = new Map(Array.from({ length: 20 }, (_, index) => [`t${index}`, [index < 10 ? 48 : 52]]));
    expect(startSpread(seen, PERIOD_MS, 50)).toEqual({ busiest: 20, mean: 1, factor: 20 });
  });
});
