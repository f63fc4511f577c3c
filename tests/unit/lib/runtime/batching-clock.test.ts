import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchingClock } from '#lib/runtime/batching-clock.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('batchingClock', () => {
  it('calls back within the millisecond after the due time, everything once, and holds one timer', async () => {
    const aCall = fc.record({
      delayMs: fc.double({ min: 0, max: 50, noNaN: true }),
      isCancelled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(aCall, { maxLength: 40 }), async (calls) => {
        const base = new FakeClock();
        const clock = batchingClock(base);
        const calledMs = new Map<number, number[]>();
        const cancels = calls.map(({ delayMs }, index) =>
          clock.schedule(delayMs, () => {
            calledMs.set(index, [...(calledMs.get(index) ?? []), base.monotonicMs()]);
          }),
        );
        calls.forEach(({ isCancelled }, index) => {
          if (isCancelled) cancels[index]?.();
        });
        expect(base.pending).toBe(calls.some(({ isCancelled }) => !isCancelled) ? 1 : 0);
        await base.advance(100);
        expect(base.pending).toBe(0);
        calls.forEach(({ delayMs, isCancelled }, index) => {
          expect(calledMs.get(index)).toEqual(isCancelled ? undefined : [Math.ceil(delayMs)]);
        });
      }),
    );
  });

  it('calls all that is due in one go, in the order in which it was scheduled', async () => {
    const base = new FakeClock();
    const clock = batchingClock(base);
    const called: string[] = [];
    clock.schedule(9.9, () => called.push('a'));
    clock.schedule(9.1, () => called.push('b'));
    clock.schedule(3, () => {
      called.push('first');
      clock.schedule(6.5, () => called.push('c'));
      clock.schedule(0, () => called.push('at once'));
    });
    await base.advance(20);
    expect(called).toEqual(['first', 'at once', 'a', 'b', 'c']);
  });

  it('lets a callback cancel one that is due with it', async () => {
    const base = new FakeClock();
    const clock = batchingClock(base);
    const called: string[] = [];
    clock.schedule(1, () => cancel());
    const cancel = clock.schedule(1, () => called.push('cancelled'));
    clock.schedule(1, () => called.push('other'));
    clock.schedule(2, () => called.push('later'));
    await base.advance(5);
    expect(called).toEqual(['other', 'later']);
    expect(base.pending).toBe(0);
  });

  it('makes up for a stall', async () => {
    const base = new FakeClock();
    const clock = batchingClock(base);
    const called: number[] = [];
    for (const delayMs of [5, 10, 15]) clock.schedule(delayMs, () => called.push(delayMs));
    await base.stall(12);
    expect(called).toEqual([5, 10]);
    await base.advance(3);
    expect(called).toEqual([5, 10, 15]);
  });
});
