import { expect, test } from 'vitest';
import { allHold, summaryLines } from '../../../../dev/demo/summary.ts';
import { paint } from '../../../../dev/demo/text.ts';

const held = { name: 'smtp keeps its endpoint', measured: '0 requests failed', holds: true };
const broken = { name: 'web', measured: '31.2 s', holds: false };

test.each([
  { name: 'nothing shown', given: [], want: false },
  { name: 'all held', given: [held], want: true },
  { name: 'one broken', given: [held, broken], want: false },
])('the demo succeeds only when something held and nothing broke: $name', ({ given, want }) => {
  expect(allHold(given)).toBe(want);
});

test('the table lines up and ends with the count', () => {
  expect(summaryLines([held, broken], 61_400).map((line) => paint(line, false))).toEqual([
    'pass  smtp keeps its endpoint  0 requests failed',
    'FAIL  web                      31.2 s',
    '',
    '1 of 2 expectations held, 61 s in all',
  ]);
});
