import { describe, expect, test } from 'vitest';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { ProbeRun } from '#lib/probe/probe-run.ts';
import type { Settler, Work } from '#lib/probe/prober.ts';

const TIMEOUT = failure('Timeout', 'late');
const CANCELLED = { kind: 'unknown', cause: 'Cancelled', message: 'the run was cancelled' };
const PLAN = { startedMs: 10, deadlineMs: 110, dueMs: 5, isExtra: true };

/** Work that does nothing by itself, and remembers how often it was released. */
class IdleWork implements Work {
  settler: Settler | undefined;
  releases = 0;

  start(settler: Settler): void {
    this.settler = settler;
  }

  onTimeout(): ProbeOutcome {
    return TIMEOUT;
  }

  release(): void {
    this.releases++;
  }
}

/** Work that has its outcome while it starts. */
class InstantWork extends IdleWork {
  readonly releasesAtEnd: number[] = [];

  override start(settler: Settler): void {
    settler.settle(SUCCESS);
    this.releasesAtEnd.push(this.releases);
  }
}

interface Given {
  readonly run: ProbeRun;
  /** What the owner has heard, in order. */
  readonly outcomes: readonly ProbeOutcome[];
}

function aRun(): Given {
  const outcomes: ProbeOutcome[] = [];
  const run = new ProbeRun(PLAN, {
    ended: (ended, outcome) => {
      expect(ended).toBe(run);
      outcomes.push(outcome);
    },
  });
  return { run, outcomes };
}

function aStartedRun(): Given & { readonly work: IdleWork } {
  const given = aRun();
  const work = new IdleWork();
  given.run.start(work);
  expect(given.outcomes).toEqual([]);
  return { ...given, work };
}

/** Everything that can end a run. */
const ENDS: readonly {
  readonly name: string;
  readonly end: (run: ProbeRun, work: IdleWork) => void;
  readonly want: unknown;
}[] = [
  { name: 'the work', end: (_run, work) => work.settler?.settle(SUCCESS), want: SUCCESS },
  { name: 'the deadline', end: (run) => run.expire(), want: TIMEOUT },
  { name: 'the cancelling', end: (run) => run.cancel(), want: CANCELLED },
];

describe('a run ends once, with what comes first, and releases its work once', () => {
  test.each(ENDS)('$name', ({ end, want }) => {
    for (const later of ENDS) {
      const { run, work, outcomes } = aStartedRun();
      end(run, work);
      expect([outcomes, work.releases]).toEqual([[want], 1]);
      later.end(run, work);
      expect([outcomes, work.releases]).toEqual([[want], 1]);
    }
  });

  test('whatever its owner does when it hears of the end', () => {
    const work = new IdleWork();
    const outcomes: ProbeOutcome[] = [];
    const run = new ProbeRun(PLAN, {
      ended: (ended, outcome) => {
        outcomes.push(outcome);
        for (const { end } of ENDS) end(ended, work);
      },
    });
    run.start(work);
    work.settler?.settle(SUCCESS);
    expect([outcomes, work.releases]).toEqual([[SUCCESS], 1]);
  });

  test('which is released before the owner hears of the end', () => {
    const work = new IdleWork();
    let releases = 0;
    const run = new ProbeRun(PLAN, { ended: () => (releases = work.releases) });
    run.start(work);
    work.settler?.settle(SUCCESS);
    expect(releases).toBe(1);
  });
});

describe('a run that ends as it starts', () => {
  test('by its work, which is released once it has started', () => {
    const { run, outcomes } = aRun();
    const work = new InstantWork();
    run.start(work);
    for (const { end } of ENDS) end(run, work);
    expect([outcomes, work.releasesAtEnd, work.releases]).toEqual([[SUCCESS], [0], 1]);
  });

  test('with an outcome in place of work', () => {
    const { run, outcomes } = aRun();
    run.start(TIMEOUT);
    run.expire();
    run.cancel();
    expect(outcomes).toEqual([TIMEOUT]);
  });

  test('when it was called off before', () => {
    const { run, outcomes } = aRun();
    const work = new IdleWork();
    run.cancel();
    run.start(work);
    expect(work.settler).toBeUndefined();
    expect([outcomes, work.releases]).toEqual([[CANCELLED], 0]);
  });
});

describe('work that throws is a bug of ours and names no text', () => {
  const BUG = { kind: 'unknown', cause: 'Internal', message: 'bug: the prober threw RangeError' };
  const fail = (): never => {
    throw new RangeError('secret');
  };

  test('while it starts', () => {
    const { run, outcomes } = aRun();
    const work = new IdleWork();
    work.start = fail;
    run.start(work);
    expect([outcomes, work.releases]).toEqual([[BUG], 1]);
  });

  test('at the deadline', () => {
    const { run, work, outcomes } = aStartedRun();
    work.onTimeout = fail;
    run.expire();
    expect([outcomes, work.releases]).toEqual([[BUG], 1]);
  });

  test('unless it had its outcome before', () => {
    const { run, outcomes } = aRun();
    const work = new IdleWork();
    work.start = (settler) => {
      settler.settle(SUCCESS);
      fail();
    };
    run.start(work);
    expect([outcomes, work.releases]).toEqual([[SUCCESS], 1]);
  });
});

test('work that throws when it is released is a bug of ours too, and ends the run', () => {
  const { run, work, outcomes } = aStartedRun();
  work.release = () => {
    throw new RangeError('secret');
  };
  run.settle(SUCCESS);
  expect(outcomes).toMatchObject([{ kind: 'unknown', cause: 'Internal' }]);
});

test('what the owner throws is not taken for a bug of the work', () => {
  const ended = (): never => {
    throw new Error('owner');
  };
  const run = new ProbeRun(PLAN, { ended });
  expect(() => run.start(new InstantWork())).toThrow('owner');
});

test('a run keeps what it stands for, and has no outcome of its own', () => {
  const { run } = aStartedRun();
  run.expire();
  expect(run).toMatchObject(PLAN);
  expect(run.outcome).toBeUndefined();
});
