import { describe, expect, it } from 'vitest';
import { statusRange } from '#lib/api/status-range.ts';

describe('statusRange', () => {
  it.each([
    { given: 200, want: { from: 200, to: 200 } },
    { given: '204', want: { from: 204, to: 204 } },
    { given: '200-299', want: { from: 200, to: 299 } },
    { given: '404-404', want: { from: 404, to: 404 } },
    { given: 99, want: undefined },
    { given: 1000, want: undefined },
    { given: 200.5, want: undefined },
    { given: -200, want: undefined },
    { given: '2xx', want: undefined },
    { given: '299-200', want: undefined },
    { given: '200-', want: undefined },
    { given: ' 200', want: undefined },
    { given: '', want: undefined },
  ])('reads $given', ({ given, want }) => {
    expect(statusRange(given)).toEqual(want);
  });
});
