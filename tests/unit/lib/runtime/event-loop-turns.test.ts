import { expect, test } from 'vitest';
import { eventLoopTurns } from '#lib/runtime/event-loop-turns.ts';

test('gives callers that come together a turn of the event loop each', async () => {
  const nextTurn = eventLoopTurns();
  let turn = 0;
  let isCounting = true;
  const count = (): void => {
    turn++;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(Array.from({ length: 5 }, () => nextTurn().then(() => turn)));
  isCounting = false;
  expect(new Set(turns).size).toBe(5);
});
