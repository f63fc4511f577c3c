import { expect, it } from 'vitest';
import { failure, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import { REMEMBERED_RUNS, RunLog } from '#lib/probe/run-log.ts';

it('remembers the last runs of each check, oldest first', () => {
  const log = new RunLog();
  const places = Array.from({ length: 300 }, () => log.take());
  for (let run = 1; run <= REMEMBERED_RUNS + 5; run++) {
    for (const place of places) log.note(place, SUCCESS, { endedMs: 1000 * run + place, durationMs: run });
  }
  for (const place of places) {
    const runs = log.read(place);
    expect(runs.map(({ durationMs }) => durationMs)).toEqual(
      Array.from({ length: REMEMBERED_RUNS }, (_, index) => index + 6),
    );
    expect(runs.at(-1)?.endedMs).toBe(1000 * (REMEMBERED_RUNS + 5) + place);
  }
});

it('knows why a run was no success', () => {
  const log = new RunLog();
  const place = log.take();
  log.note(place, failure('Timeout', 'late'), { endedMs: 1, durationMs: 1 });
  log.note(place, unknown('NoDescriptors', 'none left'), { endedMs: 2, durationMs: 1 });
  log.note(place, SUCCESS, { endedMs: 3, durationMs: 300_000.125 });
  const runs = log.read(place);
  expect(runs.map(({ outcome }) => outcome)).toEqual(['Timeout', 'NoDescriptors', 'success']);
  expect(runs.map(({ durationMs }) => durationMs)).toEqual([1, 1, 300_000.125]);
});

it('gives a place that was given back to the next check, empty', () => {
  const log = new RunLog();
  const place = log.take();
  log.note(place, SUCCESS, { endedMs: 1, durationMs: 1 });
  log.giveBack(place);
  expect(log.take()).toBe(place);
  expect(log.read(place)).toEqual([]);
});
