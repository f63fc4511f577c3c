import { expect, test } from 'vitest';
import type { Lease } from '#lib/core/kubernetes.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { KubeApiError } from '#lib/kube/kube-error.ts';
import { LeaderElection } from '#lib/kube/leader-election.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryApi } from '../../../support/memory-api.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

/** Resolves after that time; rejects when the request is given up before. */
function answered(clock: FakeClock, afterMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    clock.schedule(afterMs, resolve);
    const failure = { status: 0, reason: 'aborted' };
    signal?.addEventListener('abort', () => reject(new KubeApiError('aborted', failure)), { once: true });
  });
}

/** Reads take a signal as their last argument, writes one among their options. */
function signalIn(args: readonly unknown[]): AbortSignal | undefined {
  const last = args.at(-1);
  if (last instanceof AbortSignal) return last;
  const signal: unknown = Object(last)['signal'];
  return signal instanceof AbortSignal ? signal : undefined;
}

/** A process that leads, on a clock of its own, before an API server that can be made unreachable. */
async function leading() {
  const clock = new FakeClock();
  const memory = new MemoryApi();
  const state = { isDown: false, answerAfterMs: 0 };
  const api: KubeApi = new Proxy<KubeApi>(memory, {
    get(target, name: keyof KubeApi) {
      if (state.isDown)
        return () => Promise.reject(new KubeApiError('down', { status: 0, reason: 'ECONNREFUSED' }));
      if (state.answerAfterMs === 0) return target[name].bind(target);
      return async (...args: readonly unknown[]) => {
        await answered(clock, state.answerAfterMs, signalIn(args));
        return Reflect.apply(target[name], target, args);
      };
    },
  });
  const election = new LeaderElection(
    { api, clock, random: () => 0, logger: silentLogger },
    { lease: { namespace: 'a', name: 'b' }, identity: 'me' },
  );
  const stop = new AbortController();
  const result = { value: 'running' };
  let isWorking = true;
  const run = election.run(stop.signal, async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    isWorking = false;
  });
  void run.then((value) => {
    result.value = value;
  });
  await clock.advance(0);
  // Nothing else is written here.
  const lease = () => [...memory.objects.values()][0] as Lease;
  return { clock, memory, state, election, stop, result, isWorking: () => isWorking, lease };
}

test('renews every two seconds', async () => {
  const { clock, memory, election } = await leading();
  await clock.advance(60_000);
  expect(election.isLeader()).toBe(true);
  expect(memory.writes).toHaveLength(31);
});

test('gives up ten seconds after the last renewal, five before another may begin', async () => {
  const { clock, state, election, result, isWorking } = await leading();
  state.isDown = true;
  await clock.advance(9_999);
  expect([election.isLeader(), result.value, isWorking()]).toEqual([true, 'running', true]);
  await clock.advance(1);
  expect([election.isLeader(), result.value, isWorking()]).toEqual([false, 'lost', false]);
  expect(clock.pending).toBe(0);
});

test('survives an outage that is shorter', async () => {
  const { clock, state, election, result } = await leading();
  state.isDown = true;
  await clock.advance(7_000);
  state.isDown = false;
  await clock.advance(30_000);
  expect([election.isLeader(), result.value]).toEqual([true, 'running']);
});

test('keeps the Lease of an API server that takes its time', async () => {
  const { clock, state, election, result } = await leading();
  state.answerAfterMs = 4_900;
  await clock.advance(120_000);
  expect([election.isLeader(), result.value]).toEqual([true, 'running']);
});

test('repeats at once what had no answer in time', async () => {
  const { clock, state, election, result } = await leading();
  state.answerAfterMs = 20_000;
  await clock.advance(6_500);
  state.answerAfterMs = 1_900;
  await clock.advance(60_000);
  expect([election.isLeader(), result.value]).toEqual([true, 'running']);
});

test('after a stop of the process it knows at once that its time is over, and writes nothing', async () => {
  const { clock, memory, election, result } = await leading();
  const before = memory.writes.length;
  const stalled = clock.stall(20_000);
  expect(election.isLeader()).toBe(false);
  await stalled;
  expect(result.value).toBe('lost');
  expect(memory.writes).toHaveLength(before);
});

test('releases the Lease when it stops', async () => {
  const { clock, stop, result, lease } = await leading();
  stop.abort();
  await clock.advance(0);
  expect(result.value).toBe('stopped');
  expect(lease().spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  expect(clock.pending).toBe(0);
});

test('stops within its time when the API server is gone', async () => {
  const { clock, state, stop, result } = await leading();
  state.isDown = true;
  stop.abort();
  await clock.advance(3_000);
  expect(result.value).toBe('stopped');
});
