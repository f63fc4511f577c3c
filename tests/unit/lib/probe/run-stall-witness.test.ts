import { describe, expect, it } from 'vitest';
import type { LostTime } from '#lib/probe/doubt.ts';
import { RunStallWitness } from '#lib/probe/run-stall-witness.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** Tells the witness of a run from its start to its end, where the time that it has lost is given. */
function watch(witness: RunStallWitness, clock: FakeClock): () => LostTime {
  const startedMs = clock.monotonicMs();
  witness.started();
  return () => witness.ended(startedMs);
}

/** The longest stall that a run of one second noticed; the loop stands still for `stallMs` after `afterMs`. */
async function noticed(afterMs: number, stallMs: number): Promise<number> {
  const clock = new FakeClock();
  const witness = new RunStallWitness(clock);
  const lostTime = watch(witness, clock);
  await clock.advance(afterMs);
  await clock.stall(stallMs);
  await clock.advance(1000 - afterMs - stallMs);
  return lostTime().longestMs;
}

describe('RunStallWitness', () => {
  const cases = [
    { name: 'nothing where the loop turns', afterMs: 500, stallMs: 0, atLeast: 0, atMost: 0 },
    { name: 'a stall early in the run', afterMs: 10, stallMs: 200, atLeast: 150, atMost: 215 },
    { name: 'a stall in the middle', afterMs: 500, stallMs: 100, atLeast: 80, atMost: 100 },
    { name: 'a stall at the end', afterMs: 880, stallMs: 120, atLeast: 100, atMost: 120 },
    { name: 'a stop of most of the run', afterMs: 50, stallMs: 900, atLeast: 850, atMost: 950 },
  ];
  it.each(cases)('notices $name', async ({ afterMs, stallMs, atLeast, atMost }) => {
    const longest = await noticed(afterMs, stallMs);
    expect(longest).toBeGreaterThanOrEqual(atLeast);
    expect(longest).toBeLessThanOrEqual(atMost);
  });

  it('tells a run nothing of what was before it', async () => {
    const clock = new FakeClock();
    const witness = new RunStallWitness(clock);
    const earlier = watch(witness, clock);
    await clock.advance(200);
    await clock.stall(500);
    const later = watch(witness, clock);
    await clock.advance(200);
    expect(later().longestMs).toBe(0);
    expect(earlier().longestMs).toBeGreaterThanOrEqual(480);
  });

  it('takes time without runs for no stall', async () => {
    const clock = new FakeClock();
    const witness = new RunStallWitness(clock);
    watch(witness, clock)();
    await clock.advance(60_000);
    const lostTime = watch(witness, clock);
    await clock.advance(300);
    expect(lostTime().longestMs).toBe(0);
  });

  it('adds up the time that is lost in small pieces', async () => {
    const clock = new FakeClock();
    const lostTime = watch(new RunStallWitness(clock), clock);
    for (let piece = 0; piece < 10; piece++) {
      await clock.advance(10);
      await clock.stall(90);
    }
    const { longestMs, totalMs } = lostTime();
    expect(longestMs).toBeLessThanOrEqual(100);
    expect(totalMs).toBeGreaterThan(600);
    expect(totalMs).toBeLessThanOrEqual(900);
  });

  it('takes no work that is done meanwhile for the end of a stall', async () => {
    const clock = new FakeClock();
    const witness = new RunStallWitness(clock);
    const lostTime = watch(witness, clock);
    await clock.advance(90);
    // The event loop is busy with the answers of other targets, and does not come to the look.
    for (let answer = 0; answer < 300; answer++) {
      clock.pass(1);
      watch(witness, clock)();
    }
    expect(lostTime().longestMs).toBeGreaterThanOrEqual(280);
  });

  it('sets no timer while nothing runs', async () => {
    const clock = new FakeClock();
    const witness = new RunStallWitness(clock);
    watch(witness, clock)();
    await clock.advance(100);
    expect(clock.pending).toBe(0);
  });
});
