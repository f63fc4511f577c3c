import { describe, expect, it } from 'vitest';
import { setCondition } from '#lib/core/conditions.ts';
import { aCondition } from '../../../support/builders.ts';

const now = new Date('2026-02-03T04:05:06.789Z');
const update = {
  type: 'Ready',
  status: 'True',
  reason: 'AllReady',
  message: 'all',
  observedGeneration: 7,
} as const;

describe('setCondition', () => {
  it('adds a condition and sorts by type', () => {
    const types = setCondition([aCondition({ type: 'Z' }), aCondition({ type: 'A' })], update, now);
    expect(types.map(({ type }) => type)).toEqual(['A', 'Ready', 'Z']);
    expect(types[1]).toEqual({ ...update, lastTransitionTime: '2026-02-03T04:05:06Z' });
  });

  it.each([
    { name: 'keeps the time while the status stays', status: 'True' as const, want: '2026-01-01T00:00:00Z' },
    { name: 'moves the time with the status', status: 'False' as const, want: '2026-02-03T04:05:06Z' },
  ])('$name', ({ status, want }) => {
    const before = aCondition({ type: 'Ready', status, reason: 'Other', observedGeneration: 1 });
    expect(setCondition([before], update, now)).toEqual([{ ...update, lastTransitionTime: want }]);
  });
});
