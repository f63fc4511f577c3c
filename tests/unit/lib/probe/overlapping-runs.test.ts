import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { inherited, restored } from '#lib/core/probe/verdict.ts';
import type { ProbeRequest } from '#lib/probe/probe-assignment.ts';
import { aPostgresqlProbe, aTcpProbe } from '../../../support/builders.ts';
import { aRequest, PoolFixture, type RequestGiven } from './probe-fixture.ts';
import { type Behaviour, REFUSED, type StartedRun, TIMED_OUT } from './scripted-prober.ts';

const THRESHOLDS = { successThreshold: 1, failureThreshold: 3 };
const TIMEOUT_MS = 400;

/** An up target, probed every second and every 50 ms in transition; three failures turn it down. */
function aFastRequest(given: RequestGiven = {}): ProbeRequest {
  return aRequest({
    fastPeriodMs: 50,
    probe: aTcpProbe({ ...THRESHOLDS, timeoutMs: TIMEOUT_MS }),
    start: { firstRun: 'restored', state: restored('up') },
    ...given,
  });
}

/** The pool with one worker that has had some quick answers; `behave` counts from the next run on. */
async function withQuickTarget(
  behave: (count: number) => Behaviour,
  given: RequestGiven = {},
): Promise<{ readonly fixture: PoolFixture; readonly runs: () => readonly StartedRun[] }> {
  const fixture = new PoolFixture();
  fixture.scripted.behave = () => ({ afterMs: 2, outcome: SUCCESS });
  fixture.pool.assign('a', [aFastRequest(given)]);
  await fixture.clock.advance(3500);
  const known = fixture.scripted.started.length;
  fixture.scripted.behave = (_target, count) => behave(count - known);
  return { fixture, runs: () => fixture.scripted.started.slice(known) };
}

/** Start times since the first one. */
function offsets(runs: readonly StartedRun[]): readonly number[] {
  return runs.map(({ startedMs }) => Math.round(startedMs - (runs[0]?.startedMs ?? 0)));
}

/** Lets time pass until the target is down, and tells how long after the start of the first run that was. */
async function timeToDown(fixture: PoolFixture, runs: () => readonly StartedRun[]): Promise<number> {
  for (let ms = 0; ms < 5000 && fixture.verdict() === 'up'; ms++) await fixture.clock.advance(1);
  return Math.round(fixture.clock.monotonicMs() - (runs()[0]?.startedMs ?? 0));
}

describe('a target that answers later than it ever does', () => {
  it('is asked again beside the run that waits, each time with a whole deadline', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    const downAfterMs = await timeToDown(fixture, runs);
    expect(offsets(runs())).toEqual([0, 50, 100]);
    expect(runs().map(({ deadlineMs, startedMs }) => deadlineMs - startedMs)).toEqual([400, 400, 400]);
    expect(downAfterMs).toBe(100 + TIMEOUT_MS);
  });

  it('stays up however late it answers, as long as it does in time', async () => {
    const { fixture, runs } = await withQuickTarget(() => ({ afterMs: 399, outcome: SUCCESS }));
    await fixture.clock.advance(20_000);
    expect({ verdict: fixture.verdict(), changes: fixture.changes }).toEqual({ verdict: 'up', changes: [] });
    // It has been learned that it takes so long.
    const extra = runs().length - 20;
    expect(extra).toBeGreaterThan(0);
    expect(extra).toBeLessThan(12);
  });

  it('is not trusted for longer by answers that had waited for its return', async () => {
    const probe = aTcpProbe({ ...THRESHOLDS, successThreshold: 4, timeoutMs: TIMEOUT_MS });
    const { fixture, runs } = await withQuickTarget(
      (count) => (count > 3 && count <= 7 ? { afterMs: 390, outcome: SUCCESS } : 'hang'),
      { probe },
    );
    await fixture.clock.advance(6000);
    expect(offsets(runs().slice(7, 10))).toEqual([0, 50, 100]);
  });

  it('is asked no further once it answers, and its late failure is the only one', async () => {
    const { fixture, runs } = await withQuickTarget((count) => (count === 1 ? 'hang' : SUCCESS));
    await fixture.clock.advance(2400);
    expect(offsets(runs()).slice(0, 3)).toEqual([0, 50, 1000]);
    expect(fixture.verdict()).toBe('up');
  });

  it('is down for a failure before which its last answer was asked for', async () => {
    const late: readonly Behaviour[] = ['hang', { afterMs: 390, outcome: SUCCESS }, 'hang'];
    const { fixture, runs } = await withQuickTarget((count) => late[count - 1] ?? 'hang');
    const downAfterMs = await timeToDown(fixture, runs);
    // Failed, answered, failed: two more failures are missing.
    expect(downAfterMs).toBeGreaterThanOrEqual(2 * TIMEOUT_MS);
  });

  it('is down at once when it refuses connections meanwhile', async () => {
    const { fixture, runs } = await withQuickTarget((count) =>
      count === 1 ? { afterMs: 120, outcome: REFUSED } : REFUSED,
    );
    expect(await timeToDown(fixture, runs)).toBeLessThanOrEqual(121);
  });

  it('goes back to its slots after it was down', async () => {
    const { fixture, runs } = await withQuickTarget((count) => (count <= 3 ? 'hang' : SUCCESS));
    await fixture.clock.advance(3500);
    expect(offsets(runs())).toEqual([0, 50, 100, 1000, 2000, 3000]);
    expect(fixture.verdict()).toBe('up');
  });
});

describe('runs do not overlap', () => {
  const cases: readonly { name: string; given: RequestGiven }[] = [
    {
      name: 'of a probe that holds a session',
      given: { probe: aPostgresqlProbe({ ...THRESHOLDS, timeoutMs: TIMEOUT_MS }) },
    },
    {
      name: 'where one failure is enough',
      given: { probe: aTcpProbe({ ...THRESHOLDS, failureThreshold: 1, timeoutMs: TIMEOUT_MS }) },
    },
    { name: 'with a fast period above the timeout', given: { fastPeriodMs: 500 } },
  ];
  it.each(cases)('$name', async ({ given }) => {
    const { fixture } = await withQuickTarget(() => 'hang', given);
    await fixture.clock.advance(5000);
    expect({ most: fixture.scripted.mostAtOnce, verdict: fixture.verdict() }).toEqual({
      most: 1,
      verdict: 'down',
    });
  });

  it('before the target has ever answered', async () => {
    const fixture = new PoolFixture();
    fixture.scripted.behave = () => 'hang';
    fixture.pool.assign('a', [aFastRequest()]);
    await fixture.clock.advance(5000);
    expect(fixture.scripted.mostAtOnce).toBe(1);
  });

  it('for a verdict of an earlier definition', async () => {
    const start = { firstRun: 'inherited', state: inherited('up') } as const;
    const fixture = new PoolFixture();
    fixture.scripted.behave = () => 'hang';
    fixture.pool.assign('a', [aFastRequest({ start })]);
    await fixture.clock.advance(600);
    expect({ most: fixture.scripted.mostAtOnce, verdict: fixture.verdict() }).toEqual({
      most: 1,
      verdict: 'down',
    });
  });
});

describe('a checker that is slow itself', () => {
  it('calls the timeouts of all runs that overlap unknown', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    while (runs().length < 3) await fixture.clock.advance(10);
    await fixture.clock.stall(5000);
    await fixture.clock.advance(1);
    expect(fixture.outcomes.slice(-3)).toMatchObject(new Array(3).fill({ cause: 'CheckerStalled' }));
    expect(fixture.verdict()).toBe('up');
  });

  it('asks nobody again because of its own lateness', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    while (runs().length < 1) await fixture.clock.advance(1);
    await fixture.clock.stall(100);
    await fixture.clock.advance(40);
    expect(runs()).toHaveLength(1);
    await fixture.clock.advance(100);
    expect(runs().length).toBeGreaterThan(1);
  });

  it('does not take the time of a run that hung for its own delay', async () => {
    const probe = aTcpProbe({ ...THRESHOLDS, timeoutMs: 1000 });
    const { fixture, runs } = await withQuickTarget(() => 'hang', { probe });
    fixture.clock.afterReads = (callback) => void fixture.clock.schedule(3, callback);
    await fixture.clock.advance(10_000);
    expect(offsets(runs()).slice(3, 6)).toEqual([2000, 3003, 4006]);
    expect(Math.max(...fixture.lateness)).toBe(0);
  });
});

describe('the end of overlapping runs', () => {
  it('is a stop that aborts all of them, counts none and leaves no timer', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    while (runs().length < 3) await fixture.clock.advance(10);
    const counted = fixture.outcomes.length;
    fixture.pool.stop();
    expect(runs().map(({ isCancelled }) => isCancelled)).toEqual([true, true, true]);
    await fixture.clock.advance(3000);
    expect({ counted: fixture.outcomes.length, timers: fixture.clock.pending }).toEqual({
      counted,
      timers: 0,
    });
  });

  it('comes one by one, for each at its own deadline, where they do not end by themselves', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    while (runs().length < 3) await fixture.clock.advance(1);
    const counted = fixture.outcomes.length;
    const ended: number[] = [];
    for (const { deadlineMs } of runs()) {
      await fixture.clock.advance(deadlineMs - fixture.clock.monotonicMs() - 0.01);
      ended.push(fixture.outcomes.length - counted);
      await fixture.clock.advance(0.02);
      ended.push(fixture.outcomes.length - counted);
    }
    expect(ended).toEqual([0, 1, 1, 2, 2, 3]);
    expect(fixture.outcomes.slice(-3)).toEqual([TIMED_OUT, TIMED_OUT, TIMED_OUT]);
    expect(runs().map(({ releases }) => releases)).toEqual([1, 1, 1]);
    expect(fixture.verdict()).toBe('down');
  });

  it('does not end one whose deadline has not passed', async () => {
    const { fixture, runs } = await withQuickTarget(
      (count) => (count === 1 ? 'hang' : { afterMs: 390, outcome: SUCCESS }),
      { fastPeriodMs: 300 },
    );
    while (runs().length < 2) await fixture.clock.advance(10);
    await fixture.clock.advance(TIMEOUT_MS);
    expect(fixture.outcomes.slice(-2)).toMatchObject([{ reason: 'Timeout' }, SUCCESS]);
  });

  it('is counted for each, and lateness for those in turn only', async () => {
    const { fixture, runs } = await withQuickTarget(() => 'hang');
    const before = { outcomes: fixture.outcomes.length, lateness: fixture.lateness.length };
    await timeToDown(fixture, runs);
    expect(fixture.outcomes.slice(before.outcomes)).toEqual([TIMED_OUT, TIMED_OUT, TIMED_OUT]);
    expect(fixture.lateness.length - before.lateness).toBe(1);
  });

  it('lets a run follow whose reason came up meanwhile', async () => {
    const { fixture, runs } = await withQuickTarget((count) => (count === 1 ? 'hang' : SUCCESS));
    while (runs().length < 2) await fixture.clock.advance(10);
    fixture.pool.probeNow(() => true);
    await fixture.clock.advance(TIMEOUT_MS);
    expect(offsets(runs())).toEqual([0, 50, TIMEOUT_MS]);
  });
});

describe('a run out of turn', () => {
  it('is overlapped as well, and the regular due times stay', async () => {
    const { fixture, runs } = await withQuickTarget((count) => (count === 1 ? 'hang' : SUCCESS));
    const [slot = 0] = fixture.scripted.startTimes;
    fixture.pool.probeNow(() => true);
    await fixture.clock.advance(3000);
    const [first, second, third] = runs().map(({ startedMs }) => startedMs);
    expect([first, second]).toEqual([3500, 3550]);
    expect(((third ?? 0) - slot) % 1000).toBeCloseTo(0, 3);
  });
});

/** A target that is frozen now and then: it answers what waits when it goes on. */
function frozenDuring(spans: readonly { readonly fromMs: number; readonly forMs: number }[], nowMs: number) {
  const frozen = spans.find(({ fromMs, forMs }) => nowMs >= fromMs && nowMs < fromMs + forMs);
  const leftMs = frozen === undefined ? 0 : frozen.fromMs + frozen.forMs - nowMs;
  return leftMs < TIMEOUT_MS ? { afterMs: Math.max(1, leftMs), outcome: SUCCESS } : ('hang' as const);
}

describe('law of overlapping', () => {
  const spans = fc.array(
    fc.record({ gapMs: fc.integer({ min: 50, max: 3000 }), forMs: fc.integer({ min: 1, max: 1000 }) }),
    { minLength: 1, maxLength: 5 },
  );
  it('only a target that was away for a deadline and the fast periods leaves', async () => {
    await fc.assert(
      fc.asyncProperty(spans, fc.integer({ min: 2, max: 4 }), async (given, failureThreshold) => {
        const probe = aTcpProbe({ ...THRESHOLDS, failureThreshold, timeoutMs: TIMEOUT_MS });
        const { fixture } = await withQuickTarget(() => SUCCESS, { probe });
        let atMs = fixture.clock.monotonicMs();
        const absolute = given.map(({ gapMs, forMs }) => {
          const fromMs = atMs + gapMs;
          atMs = fromMs + forMs;
          return { fromMs, forMs };
        });
        fixture.scripted.behave = () => frozenDuring(absolute, fixture.clock.monotonicMs());
        await fixture.clock.advance(atMs - fixture.clock.monotonicMs() + 3000);
        const needMs = TIMEOUT_MS + (failureThreshold - 1) * 50;
        if (given.every(({ forMs }) => forMs < needMs)) expect(fixture.changes).toEqual([]);
        expect(fixture.verdict()).toBe('up');
        expect(fixture.scripted.mostAtOnce).toBeLessThanOrEqual(failureThreshold);
      }),
      { numRuns: 60 },
    );
  });
});
