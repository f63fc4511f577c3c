import { expect, test } from 'vitest';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { type StopStep, stopInOrder } from '#lib/runtime/shutdown.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

async function stop(steps: readonly StopStep[], forMs: number) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const logger = createJsonLogger({ level: 'debug', clock, write: (line) => lines.push(line) });
  const stopped = stopInOrder({ clock, logger, deadlineMs: 5_000 }, steps);
  await clock.advance(forMs);
  return { isClean: await stopped, parts: lines.map((line) => JSON.parse(line).part), timers: clock.pending };
}

test('parts stop one after the other', async () => {
  const order: string[] = [];
  const step = (name: string): StopStep => ({
    name,
    async stop() {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
    },
  });
  expect(await stop([step('a'), step('b')], 0)).toEqual({ isClean: true, parts: [], timers: 0 });
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a part that fails does not keep the next from stopping', async () => {
  let isStopped = false;
  const steps: readonly StopStep[] = [
    { name: 'a', stop: () => Promise.reject(new Error('x')) },
    {
      name: 'b',
      stop: () => {
        isStopped = true;
      },
    },
  ];
  expect(await stop(steps, 0)).toEqual({ isClean: false, parts: ['a'], timers: 0 });
  expect(isStopped).toBe(true);
});

test('a part that hangs ends the waiting at the deadline', async () => {
  const steps: readonly StopStep[] = [{ name: 'a', stop: () => new Promise(() => {}) }];
  expect(await stop(steps, 5_000)).toEqual({ isClean: false, parts: ['a'], timers: 0 });
});
