import { expect, it } from 'vitest';
import { HistogramText } from '#lib/runtime/histogram.ts';

it('shows cumulated buckets, sum and count of each series', () => {
  const histogram = new HistogramText({
    name: 'seconds',
    help: 'Time.',
    labels: ['kind'],
    buckets: [1, 2.5],
  });
  const series = histogram.series({ kind: 'a"b' });
  for (const value of [0.5, 1, 2, 9]) series.observe(value);
  expect(histogram.text()).toBe(
    [
      '# HELP seconds Time.',
      '# TYPE seconds histogram',
      'seconds_bucket{le="1",kind="a\\"b"} 2',
      'seconds_bucket{le="2.5",kind="a\\"b"} 3',
      'seconds_bucket{le="+Inf",kind="a\\"b"} 4',
      'seconds_sum{kind="a\\"b"} 12.5',
      'seconds_count{kind="a\\"b"} 4',
    ].join('\n'),
  );
});

it('begins at 0 without labels, and ends a series whose subject is gone', () => {
  expect(new HistogramText({ name: 'a', help: 'A.', labels: [], buckets: [1] }).text()).toContain(
    'a_count 0',
  );
  const histogram = new HistogramText({ name: 'b', help: 'B.', labels: ['kind'], buckets: [1] });
  histogram.series({ kind: 'x' }).observe(1);
  histogram.remove({ kind: 'x' });
  expect(histogram.text()).not.toContain('kind');
});
