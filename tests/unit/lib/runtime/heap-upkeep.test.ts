import { expect, test } from 'vitest';
import { HeapUpkeep } from '#lib/runtime/heap-upkeep.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const MINUTE_MS = 60_000;

function upkeep(): { clock: FakeClock; subject: HeapUpkeep; compactedMs: number[] } {
  const clock = new FakeClock();
  const compactedMs: number[] = [];
  const compact = () => compactedMs.push(clock.monotonicMs());
  return { clock, subject: new HeapUpkeep({ clock, compact }), compactedMs };
}

test('compacts twice when many changes are over, and then never again', async () => {
  const { clock, subject, compactedMs } = upkeep();
  for (let change = 0; change < 10; change += 1) {
    subject.noteChange();
    await clock.advance(9_000);
  }
  expect(compactedMs).toEqual([]);
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([91_000, 101_000]);
});

test('does nothing before the first change', async () => {
  const { clock, compactedMs } = upkeep();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([]);
});

test('lets a minute pass before it begins again, and forgets no change', async () => {
  const { clock, subject, compactedMs } = upkeep();
  subject.noteChange();
  await clock.advance(15_000);
  subject.noteChange();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([10_000, 70_000, 80_000]);
  compactedMs.length = 0;
  const sinceMs = clock.monotonicMs();
  subject.noteChange();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([sinceMs + 10_000, sinceMs + 20_000]);
});

test('is rare where something changes all the time', async () => {
  const { clock, subject, compactedMs } = upkeep();
  for (let change = 0; change < 180; change += 1) {
    subject.noteChange();
    await clock.advance(20_000);
  }
  expect(compactedMs.length).toBeLessThanOrEqual(2 * 60);
});

test('does nothing after its stop', async () => {
  const { clock, subject, compactedMs } = upkeep();
  subject.noteChange();
  subject.stop();
  await clock.advance(60 * MINUTE_MS);
  expect(compactedMs).toEqual([]);
});
