import { describe, expect, it } from 'vitest';
import type { Requirement } from '#lib/core/probe/probe.ts';
import { isSatisfied } from '#lib/core/probe/requirement.ts';

const ALL: Requirement = { type: 'All' };
const ANY: Requirement = { type: 'Any' };
const TWO: Requirement = { type: 'AtLeast', count: 2 };

describe('isSatisfied', () => {
  const cases: readonly { name: string; given: [Requirement, number, number]; want: boolean }[] = [
    { name: 'All with every probe up', given: [ALL, 3, 3], want: true },
    { name: 'All with one probe down', given: [ALL, 2, 3], want: false },
    { name: 'Any with one probe up', given: [ANY, 1, 3], want: true },
    { name: 'Any with no probe up', given: [ANY, 0, 3], want: false },
    { name: 'AtLeast below its count', given: [TWO, 1, 3], want: false },
    { name: 'AtLeast at its count', given: [TWO, 2, 3], want: true },
    { name: 'AtLeast above the number of probes asks for all', given: [TWO, 1, 1], want: true },
    { name: 'All without probes', given: [ALL, 0, 0], want: true },
    { name: 'Any without probes', given: [ANY, 0, 0], want: true },
  ];
  it.each(cases)('$name', ({ given, want }) => {
    expect(isSatisfied(...given)).toBe(want);
  });
});
