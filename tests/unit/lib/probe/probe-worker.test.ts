import { describe, expect, it } from 'vitest';
import { SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import { restored } from '#lib/core/probe/verdict.ts';
import { ProbePool } from '#lib/probe/probe-pool.ts';
import type { Work } from '#lib/probe/prober.ts';
import { aRequest, PoolFixture } from './probe-fixture.ts';
import { REFUSED, TIMED_OUT } from './scripted-prober.ts';

const CANNOT_PROBE = unknown('NoDescriptors', 'no descriptor is left');
const THREW = { kind: 'unknown', cause: 'Internal', message: 'bug: the prober threw TypeError' };
const SEEN_UP = { firstRun: 'unknown', state: restored('up') } as const;

/** Distances between successive starts. */
function gaps(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, index) => Math.round(time - (times[index] ?? 0)));
}

describe('ProbeWorker', () => {
  it('probes at once and then every period', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    await clock.advance(4500);
    expect(scripted.startTimes[0]).toBeLessThan(20);
    expect(gaps(scripted.startTimes)).toEqual([1000, 1000, 1000, 1000]);
  });

  it('waits for the initial delay of the container by the wall clock', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    const startedAtSeconds = clock.now().getTime() / 1000 - 2;
    pool.assign('a', [aRequest({ initialDelayMs: 5000, startedAtSeconds })]);
    await clock.advance(2999);
    expect(scripted.started).toHaveLength(0);
    await clock.advance(30);
    expect(scripted.started).toHaveLength(1);
  });

  it('never overlaps itself and skips the slots that a slow run has missed', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted } = fixture;
    scripted.behave = () => ({ afterMs: 2300, outcome: SUCCESS });
    const { probe } = aRequest().assignment;
    pool.assign('a', [aRequest({ probe: { ...probe, timeoutMs: 5000 } })]);
    await clock.advance(9500);
    expect(scripted.mostAtOnce).toBe(1);
    expect(gaps(scripted.startTimes)).toEqual([3000, 3000, 3000]);
  });

  it('hands the prober its deadline', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    await clock.advance(500);
    const { deadlineMs, startedMs } = scripted.started[0] ?? {};
    expect(deadlineMs).toBe((startedMs ?? 0) + 400);
  });

  it('ends work that does not end by itself at its deadline with what that says, and goes on', async () => {
    const { pool, clock, scripted, outcomes } = new PoolFixture();
    scripted.behave = () => 'hang';
    pool.assign('a', [aRequest()]);
    await clock.advance(30);
    const { startedMs = 0 } = scripted.started[0] ?? {};
    await clock.advance(startedMs + 400 - clock.monotonicMs() - 0.01);
    expect({ outcomes, releases: scripted.started[0]?.releases }).toEqual({ outcomes: [], releases: 0 });
    await clock.advance(0.02);
    expect({ outcomes, releases: scripted.started[0]?.releases }).toEqual({
      outcomes: [TIMED_OUT],
      releases: 1,
    });
    await clock.advance(1800 - clock.monotonicMs());
    expect(outcomes).toEqual([TIMED_OUT, TIMED_OUT]);
    expect(scripted.started.map(({ releases }) => releases)).toEqual([1, 1]);
  });

  it('takes work that throws at its deadline as unknown, releases it and goes on', async () => {
    const fixture = new PoolFixture();
    let releases = 0;
    const work: Work = {
      start: () => {},
      onTimeout: () => {
        throw new TypeError('secret detail');
      },
      release: () => void releases++,
    };
    const pool = new ProbePool({ ...fixture.deps, prober: () => work });
    pool.assign('a', [aRequest()]);
    await fixture.clock.advance(1800);
    expect({ outcomes: fixture.outcomes, releases }).toEqual({ outcomes: [THREW, THREW], releases: 2 });
  });

  const moments = [
    { name: 'read in the turn of the deadline counts', answerMs: 402, want: SUCCESS },
    { name: 'read after that is too late', answerMs: 404, want: TIMED_OUT },
  ];
  it.each(moments)('an answer $name', async ({ answerMs, want }) => {
    const { pool, clock, scripted, outcomes } = new PoolFixture();
    clock.afterReads = (callback) => void clock.schedule(3, callback);
    scripted.behave = () => ({ afterMs: answerMs, outcome: SUCCESS });
    pool.assign('a', [aRequest()]);
    await clock.advance(500);
    expect({ outcomes, releases: scripted.started[0]?.releases }).toEqual({ outcomes: [want], releases: 1 });
  });

  it('takes an outcome in place of work for that of the run', async () => {
    const fixture = new PoolFixture();
    const pool = new ProbePool({ ...fixture.deps, prober: () => REFUSED });
    pool.assign('a', [aRequest({ start: SEEN_UP })]);
    await fixture.clock.advance(1800);
    expect(fixture.outcomes).toEqual([REFUSED, REFUSED]);
    expect(pool.stateOf('a', aRequest().id)?.verdict).toBe('down');
  });

  it('takes a throwing prober as unknown', async () => {
    const fixture = new PoolFixture();
    const { clock } = fixture;
    fixture.scripted.behave = () => {
      throw new TypeError('secret detail');
    };
    fixture.pool.assign('a', [aRequest()]);
    await clock.advance(500);
    expect(fixture.outcomes).toEqual([THREW]);
  });

  it('re-checks by the fast period while in transition only', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    scripted.behave = (_target, count) => (count >= 3 && count <= 4 ? REFUSED : SUCCESS);
    const probe = { ...aRequest().assignment.probe, failureThreshold: 3 };
    pool.assign('a', [aRequest({ fastPeriodMs: 100, probe, start: SEEN_UP })]);
    await clock.advance(5500);
    const [first, second, third, fourth, back = 0, ...later] = gaps(scripted.startTimes);
    expect([first, second, third, fourth]).toEqual([1000, 1000, 100, 100]);
    // Back to its slots: not at once, and not a whole period later than it could.
    expect(back).toBeGreaterThanOrEqual(500);
    expect(back).toBeLessThan(1500);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every((gap) => gap >= 1000)).toBe(true);
  });

  it('does not hurry while nothing can be observed', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    scripted.behave = (_target, count) => (count === 1 ? REFUSED : CANNOT_PROBE);
    pool.assign('a', [aRequest({ fastPeriodMs: 100, start: SEEN_UP })]);
    await clock.advance(5500);
    const [first, ...later] = gaps(scripted.startTimes);
    expect(first).toBe(100);
    expect(later.every((gap) => gap >= 500)).toBe(true);
    expect(later.length).toBeGreaterThanOrEqual(4);
  });

  it('turns down after the failure threshold and says so once', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted, changes } = fixture;
    scripted.behave = () => REFUSED;
    pool.assign('a', [aRequest({ start: SEEN_UP })]);
    await clock.advance(900);
    expect(fixture.verdict()).toBe('up');
    await clock.advance(1000);
    expect(fixture.verdict()).toBe('down');
    await clock.advance(5000);
    expect(changes).toEqual(['a']);
  });

  it('counts for nothing what ends after the stop, and leaves no timer', async () => {
    const { pool, clock, scripted, outcomes, changes } = new PoolFixture();
    scripted.behave = () => ({ afterMs: 300, outcome: SUCCESS });
    pool.assign('a', [aRequest()]);
    await clock.advance(100);
    pool.stop();
    expect(scripted.started[0]?.isCancelled).toBe(true);
    await clock.advance(3000);
    expect({ outcomes, changes, timers: clock.pending }).toEqual({ outcomes: [], changes: [], timers: 0 });
  });
});

describe('a worker that doubts itself', () => {
  it('calls a timeout during a stall unknown', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted, outcomes } = fixture;
    scripted.behave = () => 'hang';
    pool.assign('a', [aRequest({ start: SEEN_UP })]);
    await clock.advance(30);
    await clock.stall(5000);
    await clock.advance(1);
    expect(outcomes).toMatchObject([{ kind: 'unknown', cause: 'CheckerStalled' }]);
    expect(fixture.verdict()).toBe('up');
  });

  it('remembers a stall that ended before the deadline', async () => {
    const { pool, clock, scripted, outcomes } = new PoolFixture();
    scripted.behave = () => 'hang';
    pool.assign('a', [aRequest()]);
    await clock.advance(30);
    await clock.stall(200);
    await clock.advance(300);
    expect(outcomes).toMatchObject([{ kind: 'unknown', cause: 'CheckerStalled' }]);
  });

  it('takes a timeout as a failure when it could work', async () => {
    const { pool, clock, scripted, outcomes } = new PoolFixture();
    scripted.behave = () => 'hang';
    pool.assign('a', [aRequest()]);
    await clock.stall(5000);
    await clock.advance(500);
    expect(outcomes).toMatchObject([{ kind: 'failure', reason: 'Timeout' }]);
  });

  it('believes a refusal whatever happened', async () => {
    const { pool, clock, scripted, outcomes } = new PoolFixture();
    scripted.behave = () => ({ afterMs: 100, outcome: REFUSED });
    pool.assign('a', [aRequest()]);
    await clock.advance(30);
    await clock.stall(3000);
    await clock.advance(1);
    expect(outcomes[0]).toEqual(REFUSED);
  });
});

describe('probeNow', () => {
  it('runs at once and leaves the regular due times alone', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    await clock.advance(1500);
    pool.probeNow(() => true);
    await clock.advance(3000);
    expect(gaps(scripted.startTimes).slice(0, 2)[0]).toBe(1000);
    expect(scripted.startTimes[2]).toBe(1500);
    const [first] = scripted.startTimes;
    expect(scripted.startTimes[3]).toBeCloseTo((first ?? 0) + 2000, 1);
  });

  it('runs again after a run that may have missed the reason', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    scripted.behave = () => ({ afterMs: 50, outcome: SUCCESS });
    pool.assign('a', [aRequest()]);
    await clock.advance(30);
    pool.probeNow(() => true);
    await clock.advance(100);
    expect(scripted.started).toHaveLength(2);
    expect(scripted.mostAtOnce).toBe(1);
  });

  it('does not let a flood of reasons become a flood of runs', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    pool.assign('a', [aRequest({ periodMs: 10_000 })]);
    await clock.advance(100);
    for (let reason = 0; reason < 100; reason++) {
      pool.probeNow(() => true);
      await clock.advance(50);
    }
    expect(scripted.started.length).toBeLessThanOrEqual(1 + 6);
    expect(scripted.started.length).toBeGreaterThanOrEqual(1 + 5);
  });

  it('does not shorten the initial delay', async () => {
    const { pool, clock, scripted } = new PoolFixture();
    const startedAtSeconds = clock.now().getTime() / 1000;
    pool.assign('a', [aRequest({ initialDelayMs: 5000, startedAtSeconds })]);
    pool.probeNow(() => true);
    await clock.advance(4000);
    expect(scripted.started).toHaveLength(0);
  });
});
