import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchingClock } from '#lib/runtime/batching-clock.ts';
import type { Clock } from '#lib/runtime/clock.ts';
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

  it('calls a timer back for what it was armed for last, and as often as it was armed again since', async () => {
    const act = fc.record({
      timer: fc.nat({ max: 4 }),
      delayMs: fc.option(fc.integer({ min: 0, max: 30 })),
      pauseMs: fc.integer({ min: 0, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const base = new FakeClock();
        const clock = batchingClock(base);
        const called: [timer: number, atMs: number][] = [];
        const timers = Array.from({ length: 5 }, (_, timer) =>
          clock.timer({ ring: () => called.push([timer, base.monotonicMs()]) }),
        );
        const expected: [timer: number, atMs: number][] = [];
        const armedMs = new Map<number, number>();
        const passTo = (untilMs: number): void => {
          for (const [timer, atMs] of [...armedMs].filter(([, atMs]) => atMs <= untilMs)) {
            armedMs.delete(timer);
            expected.push([timer, atMs]);
          }
        };
        for (const { timer, delayMs, pauseMs } of acts) {
          if (delayMs === null) timers[timer]?.cancel();
          else timers[timer]?.arm(delayMs);
          if (delayMs === null) armedMs.delete(timer);
          else armedMs.set(timer, base.monotonicMs() + delayMs);
          await base.advance(pauseMs);
          passTo(base.monotonicMs());
        }
        await base.advance(100);
        passTo(Number.POSITIVE_INFINITY);
        const sorted = (list: typeof called) => list.toSorted((a, b) => a[1] - b[1] || a[0] - b[0]);
        expect(sorted(called)).toEqual(sorted(expected));
        expect(base.pending).toBe(0);
      }),
    );
  });

  it('calls the others of a millisecond when one of them throws', async () => {
    const base = new FakeClock();
    const clock = batchingClock(base);
    const called: string[] = [];
    clock.schedule(1, () => called.push('before'));
    clock.schedule(1, () => {
      throw new Error('of one callback');
    });
    clock.schedule(1, () => called.push('after'));
    clock.schedule(2, () => called.push('later'));
    await expect(base.advance(1)).rejects.toThrow('of one callback');
    await base.advance(5);
    expect(called).toEqual(['before', 'after', 'later']);
    expect(base.pending).toBe(0);
  });

  it('forgets nobody when the timer beneath is early', async () => {
    const base = new FakeClock();
    const early: Clock = {
      monotonicMs: () => base.monotonicMs(),
      now: () => base.now(),
      schedule: (delayMs, callback) => base.schedule(Math.max(0, delayMs - 1.5), callback),
      timer: (owner) => base.timer(owner),
      afterReads: (callback) => base.afterReads(callback),
    };
    const clock = batchingClock(early);
    const called: string[] = [];
    clock.schedule(10, () => {
      called.push('first');
      clock.schedule(0, () => called.push('at once'));
    });
    clock.schedule(10, () => {
      called.push('second');
      clock.schedule(1.2, () => called.push('soon'));
    });
    await base.advance(30);
    expect(called).toEqual(['first', 'second', 'at once', 'soon']);
    clock.schedule(5, () => called.push('later'));
    await base.advance(30);
    expect(called.at(-1)).toBe('later');
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
