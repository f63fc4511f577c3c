import { expect, test } from 'vitest';
import type { TrafficResult } from '../../../../dev/workload/traffic-sample.ts';
import { parseSample, parseStreams } from '../../../../dev/workload/traffic-sample.ts';
import { tallyOf } from '../../../../dev/workload/traffic-tally.ts';

function samplesOf(...results: readonly TrafficResult[]) {
  return results.map((result) => ({ stream: 's', startedAtMs: 1, latencyMs: 1, result }));
}

test('a wrong write is neither an answer nor a failure', () => {
  const tally = tallyOf(
    samplesOf(
      { kind: 'answered', by: 'a' },
      { kind: 'answered', by: 'a' },
      { kind: 'wrong', by: 'b', message: 'read-only' },
      { kind: 'failed', message: 'refused' },
    ),
  );
  expect(tally).toEqual({ requests: 4, answeredBy: new Map([['a', 2]]), failed: 1, wrong: 1 });
});

test.each([
  { name: 'no list', given: '{}' },
  {
    name: 'an unknown kind',
    given: '[{"name":"a","kind":"dns","address":"b","port":1,"ratePerSecond":1,"timeoutMs":1}]',
  },
  {
    name: 'a port in words',
    given: '[{"name":"a","kind":"http","address":"b","port":"1","ratePerSecond":1,"timeoutMs":1}]',
  },
])('streams are refused: $name', ({ given }) => {
  expect(() => parseStreams(given)).toThrow('traffic streams must be');
});

test('other output of the client is not a sample', () => {
  expect(parseSample('(node:1) Warning: something')).toBeUndefined();
  const [sample] = samplesOf({ kind: 'answered', by: 'a' });
  expect(parseSample(JSON.stringify(sample))).toEqual(sample);
});
