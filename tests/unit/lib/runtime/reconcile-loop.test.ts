import { describe, expect, test } from 'vitest';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { DONE, type ReconcileResult, runReconcileLoop } from '#lib/runtime/reconcile-loop.ts';
import { WorkQueue } from '#lib/runtime/work-queue.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** Runs the loop with the given results of one key, one after the other; tells when each run began. */
async function runsOf(results: readonly (ReconcileResult | Error)[], forMs: number) {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, random: () => 1, backoff: { minMs: 100, maxMs: 1000 } });
  const logger = createJsonLogger({ level: 'error', write: () => {} });
  const stop = new AbortController();
  const startedMs: number[] = [];
  const observed: string[] = [];
  const loop = runReconcileLoop(
    {
      queue,
      clock,
      logger,
      workers: 2,
      reconcile: async () => {
        const result = results[startedMs.length] ?? DONE;
        startedMs.push(clock.monotonicMs());
        if (result instanceof Error) throw result;
        return result;
      },
      resultOf: (error) => ({ kind: 'retry', error }),
      observe: (kind) => observed.push(kind),
    },
    stop.signal,
  );
  queue.add('a');
  await clock.advance(forMs);
  stop.abort();
  await loop;
  return { startedMs, observed, timers: clock.pending };
}

describe('runReconcileLoop', () => {
  const cases: readonly { name: string; given: readonly (ReconcileResult | Error)[]; want: number[] }[] = [
    { name: 'done does not come again', given: [DONE], want: [0] },
    { name: 'requeueAfter comes at its time', given: [{ kind: 'requeueAfter', ms: 700 }], want: [0, 700] },
    {
      name: 'retry waits longer each time',
      given: [
        { kind: 'retry', error: 'x' },
        { kind: 'retry', error: 'x' },
      ],
      want: [0, 100, 300],
    },
    {
      name: 'success makes the next failure the first again',
      given: [
        { kind: 'retry', error: 'x' },
        { kind: 'requeueAfter', ms: 1 },
        { kind: 'retry', error: 'x' },
      ],
      want: [0, 100, 101, 201],
    },
    { name: 'terminal does not come again', given: [{ kind: 'terminal', error: 'x' }], want: [0] },
    { name: 'a thrown error is what resultOf says', given: [new Error('x')], want: [0, 100] },
  ];
  test.each(cases)('$name', async ({ given, want }) => {
    expect((await runsOf(given, 5_000)).startedMs).toEqual(want);
  });

  test('stopping leaves no timer and reports each kind', async () => {
    const { observed, timers } = await runsOf([{ kind: 'requeueAfter', ms: 60_000 }], 1_000);
    expect(observed).toEqual(['requeueAfter']);
    expect(timers).toBe(0);
  });

  test('where it gives way, a key that changes all the time takes a fifth of the time', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock, random: () => 1 });
    const stop = new AbortController();
    let workedMs = 0;
    let turns = 0;
    const loop = runReconcileLoop(
      {
        queue,
        clock,
        logger: createJsonLogger({ level: 'error', write: () => {} }),
        workers: 2,
        giveWay: async () => void turns++,
        reconcile: async (key) => {
          clock.pass(10);
          workedMs += 10;
          queue.add(key);
          return DONE;
        },
        resultOf: (error) => ({ kind: 'retry', error }),
      },
      stop.signal,
    );
    queue.add('a');
    await clock.advance(10_000);
    stop.abort();
    await loop;
    expect(workedMs).toBeGreaterThan(1900);
    expect(workedMs).toBeLessThanOrEqual(2010);
    expect(turns).toBe(workedMs / 10);
    expect(clock.pending).toBe(0);
  });
});
