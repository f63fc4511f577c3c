import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkQueue } from '#lib/runtime/work-queue.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const never = new AbortController().signal;

function aQueue() {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ clock, random: () => 1, backoff: { minMs: 100, maxMs: 1000 } }) };
}

describe('WorkQueue', () => {
  test('hands out keys in the order of their coming, each once', async () => {
    const { queue } = aQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(queue.depth()).toBe(3);
    expect([await queue.take(never), await queue.take(never), await queue.take(never)]).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(queue.depth()).toBe(0);
  });

  test('gives a key that was added during its work again, but only afterwards', async () => {
    const { queue } = aQueue();
    queue.add('a');
    await queue.take(never);
    queue.add('a');
    const next = queue.take(never);
    queue.add('b');
    expect(await next).toBe('b');
    queue.done('a');
    expect(await queue.take(never)).toBe('a');
  });

  test('lets a key rest after its work and collects what happens to it meanwhile', async () => {
    const { clock, queue } = aQueue();
    queue.add('a');
    await queue.take(never);
    queue.done('a', 100);
    queue.add('a');
    queue.add('a');
    const next = queue.take(never);
    queue.add('b');
    expect(await next).toBe('b');
    await clock.advance(99);
    const rested = queue.take(never);
    await clock.advance(1);
    expect(await rested).toBe('a');
    queue.done('a', 100);
    expect(queue.depth()).toBe(0);
  });

  test('a closed queue leaves no timer of a resting key', async () => {
    const { clock, queue } = aQueue();
    queue.add('a');
    await queue.take(never);
    queue.done('a', 100);
    queue.close();
    expect(clock.pending).toBe(0);
  });

  test('the shortest of several waits counts', async () => {
    const { clock, queue } = aQueue();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await clock.advance(199);
    expect(queue.depth()).toBe(0);
    await clock.advance(1);
    expect(queue.depth()).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test('waits longer after each failure in a row, up to the limit, and forgets', () => {
    const { queue } = aQueue();
    const waits = () => [1, 2, 3, 4, 5, 6].map(() => queue.addAfterFailure('a').delayMs);
    expect(waits()).toEqual([100, 200, 400, 800, 1000, 1000]);
    queue.forgetFailures('a');
    expect(queue.addAfterFailure('a')).toEqual({ failures: 1, delayMs: 100 });
  });

  test('an aborted taker gets nothing and takes nothing away', async () => {
    const { queue } = aQueue();
    const controller = new AbortController();
    const first = queue.take(controller.signal);
    controller.abort();
    expect(await first).toBeUndefined();
    queue.add('a');
    expect(await queue.take(never)).toBe('a');
    expect(await queue.take(controller.signal)).toBeUndefined();
  });

  test('closing leaves no timer behind', () => {
    const { clock, queue } = aQueue();
    queue.addAfter('a', 500);
    queue.close();
    expect(clock.pending).toBe(0);
  });

  test('no key runs twice at once, and every change is followed by work on it', async () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(keys, { maxLength: 30, size: 'max' }),
        async (scheduler, changes) => {
          const { queue } = aQueue();
          const stop = new AbortController();
          const changed = new Map<string, number>();
          const seen = new Map<string, number>();
          const running = new Set<string>();
          const worker = async () => {
            for (let key = await queue.take(stop.signal); key; key = await queue.take(stop.signal)) {
              expect(running.has(key)).toBe(false);
              running.add(key);
              seen.set(key, changed.get(key) ?? 0);
              await scheduler.schedule(Promise.resolve());
              running.delete(key);
              queue.done(key);
            }
          };
          const workers = [worker(), worker()];
          for (const key of changes) {
            void scheduler.schedule(Promise.resolve()).then(() => {
              changed.set(key, (changed.get(key) ?? 0) + 1);
              queue.add(key);
            });
          }
          await scheduler.waitIdle();
          stop.abort();
          await Promise.all(workers);
          expect(seen).toEqual(changed);
        },
      ),
    );
  });
});
