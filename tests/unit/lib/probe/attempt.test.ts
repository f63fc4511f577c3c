import { describe, expect, test, vi } from 'vitest';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { attempt, type Settle } from '#lib/probe/attempt.ts';
import type { ProbeRun } from '#lib/probe/prober.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const TIMEOUT = failure('Timeout', 'late');

interface Started {
  readonly clock: FakeClock;
  readonly run: ProbeRun;
  readonly outcome: Promise<ProbeOutcome>;
  readonly settle: Settle;
  readonly release: () => void;
}

function startAttempt(): Started {
  const clock = new FakeClock();
  const release = vi.fn();
  let settle: Settle = () => {};
  const run: ProbeRun = { deadlineMs: 100, cancel: undefined };
  const outcome = attempt(clock, run, {
    start: (given) => {
      settle = given;
      return release;
    },
    onTimeout: () => TIMEOUT,
  });
  return { clock, run, outcome, settle, release };
}

describe('an attempt ends once, with what comes first', () => {
  test('the work', async () => {
    const { clock, run, outcome, settle, release } = startAttempt();
    settle(SUCCESS);
    settle(TIMEOUT);
    expect(run.cancel).toBeUndefined();
    expect(await outcome).toBe(SUCCESS);
    expect(release).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  test('the deadline', async () => {
    const { clock, outcome, release } = startAttempt();
    await clock.advance(100);
    expect(await outcome).toBe(TIMEOUT);
    expect(release).toHaveBeenCalledTimes(1);
  });

  test('an answer that is read in the turn of the event loop in which the deadline passes', async () => {
    let passDeadline = (): void => {};
    const clock: Clock = {
      monotonicMs: () => 0,
      now: () => new Date(0),
      schedule: (_delayMs, callback) => {
        passDeadline = callback;
        return () => {};
      },
    };
    const run = { deadlineMs: 100, cancel: undefined };
    let settle: Settle = () => {};
    const start = (given: Settle): (() => void) => {
      settle = given;
      return () => {};
    };
    const outcome = attempt(clock, run, { start, onTimeout: () => TIMEOUT });
    passDeadline();
    settle(SUCCESS);
    expect(await outcome).toBe(SUCCESS);
  });

  test('the cancelling of the run', async () => {
    const { clock, run, outcome, release } = startAttempt();
    run.cancel?.();
    expect(await outcome).toMatchObject({ kind: 'unknown', cause: 'Cancelled' });
    expect(release).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });
});

test('work that settles while it starts is released too', async () => {
  const release = vi.fn();
  const run = { deadlineMs: 100, cancel: undefined };
  const work = {
    start: (settle: Settle) => {
      settle(SUCCESS);
      return release;
    },
    onTimeout: () => TIMEOUT,
  };
  expect(await attempt(new FakeClock(), run, work)).toBe(SUCCESS);
  expect(release).toHaveBeenCalledTimes(1);
});

test('work that throws is a bug of ours and names no text', async () => {
  const run = { deadlineMs: 100, cancel: undefined };
  const work = {
    start: (): never => {
      throw new RangeError('secret');
    },
    onTimeout: () => TIMEOUT,
  };
  expect(await attempt(new FakeClock(), run, work)).toEqual({
    kind: 'unknown',
    cause: 'Internal',
    message: 'bug: the prober threw RangeError',
  });
});
