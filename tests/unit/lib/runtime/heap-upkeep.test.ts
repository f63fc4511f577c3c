import { expect, test } from 'vitest';
import { HeapUpkeep } from '#lib/runtime/heap-upkeep.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const MINUTE_MS = 60_000;

/** `worthAnother`: how many collections tell that another one would give more back. */
function upkeep(worthAnother = 0): { clock: FakeClock; subject: HeapUpkeep; compactedMs: number[] } {
  const clock = new FakeClock();
  const compactedMs: number[] = [];
  const compact = () => compactedMs.push(clock.monotonicMs()) <= worthAnother;
  return { clock, subject: new HeapUpkeep({ clock, compact }), compactedMs };
}

test('compacts twice when many changes are over, and then never again', async () => {
  const { clock, subject, compactedMs } = upkeep();
  for (let change = 0; change < 4; change += 1) {
    subject.noteChange();
    await clock.advance(4_000);
  }
  expect(compactedMs).toEqual([]);
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([17_000, 22_000]);
});

test('does nothing before the first change', async () => {
  const { clock, compactedMs } = upkeep();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([]);
});

test('lets some time pass before it begins again, and forgets no change', async () => {
  const { clock, subject, compactedMs } = upkeep();
  subject.noteChange();
  await clock.advance(7_000);
  subject.noteChange();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([5_000, 10_000, 25_000, 30_000]);
  compactedMs.length = 0;
  const sinceMs = clock.monotonicMs();
  subject.noteChange();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([sinceMs + 5_000, sinceMs + 10_000]);
});

test('does not wait for quiet where something changes all the time, and is rare there', async () => {
  const { clock, subject, compactedMs } = upkeep();
  for (let second = 0; second < 3600; second += 1) {
    subject.noteChange();
    await clock.advance(1000);
  }
  expect(compactedMs[0]).toBe(20_000);
  expect(compactedMs.length).toBeGreaterThan(60);
  expect(compactedMs.length).toBeLessThanOrEqual(2 * 60);
});

test('compacts what a long change leaves behind soon after its end', async () => {
  const { clock, subject, compactedMs } = upkeep();
  for (let second = 0; second < 40; second += 1) {
    subject.noteChange();
    await clock.advance(1000);
  }
  expect(compactedMs).toEqual([20_000, 25_000]);
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs.slice(2)).toEqual([44_000, 49_000]);
});

test.each([
  { name: 'goes on while that gives more back', worthAnother: 2, want: [5_000, 10_000, 15_000] },
  { name: 'but not for ever', worthAnother: 100, want: [5_000, 10_000, 15_000, 20_000] },
])('$name', async ({ worthAnother, want }) => {
  const { clock, subject, compactedMs } = upkeep(worthAnother);
  subject.noteChange();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual(want);
});

test('does nothing after its stop', async () => {
  const { clock, subject, compactedMs } = upkeep();
  subject.noteChange();
  subject.stop();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([]);
});
