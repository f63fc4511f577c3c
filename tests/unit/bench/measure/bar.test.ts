import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Bar, printBars } from '../../../../bench/measure/bar.ts';

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});

afterEach(() => vi.restoreAllMocks());

test.each<{ bar: Bar; want: string }>([
  { bar: { name: 'a', measured: 2, unit: 'ms', atMost: 2 }, want: 'ok   a: 2 ms (at most 2)' },
  { bar: { name: 'a', measured: 2.5, unit: 'ms', atMost: 2 }, want: 'MISS a: 2.50 ms (at most 2)' },
  { bar: { name: 'a', measured: 2, unit: '×', atLeast: 2 }, want: 'ok   a: 2 × (at least 2)' },
  { bar: { name: 'a', measured: 1.9, unit: '×', atLeast: 2 }, want: 'MISS a: 1.90 × (at least 2)' },
  { bar: { name: 'a', measured: Number.NaN, unit: '×', atLeast: 2 }, want: 'MISS a: NaN × (at least 2)' },
  { bar: { name: 'a', measured: Number.NaN, unit: '×', atMost: 2 }, want: 'MISS a: NaN × (at most 2)' },
])('$want', ({ bar, want }) => {
  expect(printBars([bar])).toBe(want.startsWith('ok'));
  expect(lines).toEqual([want]);
});
