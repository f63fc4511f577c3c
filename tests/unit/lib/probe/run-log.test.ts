import fc from 'fast-check';
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
    const runs = log.read(place, 1_000_000.5);
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
  log.note(place, SUCCESS, { endedMs: 3, durationMs: 1 });
  const runs = log.read(place, 4);
  expect(runs.map(({ outcome }) => outcome)).toEqual(['Timeout', 'NoDescriptors', 'success']);
});

it('keeps durations to a hundredth of a millisecond, those of minutes to ten, up to most of a day', () => {
  const log = new RunLog();
  const place = log.take();
  const durations = [0, 0.004, 0.006, 12.344, 83_886.07, 83_886.084, 300_004, 80_000_006, 86_400_000];
  for (const durationMs of durations) log.note(place, SUCCESS, { endedMs: 1, durationMs });
  expect(log.read(place, 2).map(({ durationMs }) => durationMs)).toEqual([
    ...[0, 0, 0.01, 12.34, 83_886.07, 83_890, 300_000, 80_000_010, 83_886_070],
  ]);
});

it('keeps the end of each run in whole milliseconds, however long the process has run', () => {
  const anEnd = fc.double({ min: 0, max: 2 ** 42, noNaN: true });
  const anAge = fc.double({ min: 0, max: 2 ** 32 - 2, noNaN: true });
  fc.assert(
    fc.property(anEnd, anAge, (endedMs, ageMs) => {
      const log = new RunLog();
      const place = log.take();
      log.note(place, SUCCESS, { endedMs, durationMs: 1 });
      expect(log.read(place, endedMs + ageMs)).toEqual([
        { endedMs: Math.floor(endedMs), durationMs: 1, outcome: 'success' },
      ]);
    }),
  );
});

it('gives a place that was given back to the next check, empty', () => {
  const log = new RunLog();
  const place = log.take();
  log.note(place, SUCCESS, { endedMs: 1, durationMs: 1 });
  log.giveBack(place);
  expect(log.take()).toBe(place);
  expect(log.read(place, 1)).toEqual([]);
});
