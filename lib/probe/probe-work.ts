import type { Probe, ProbeKind } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { ProbeStart } from '#lib/core/probe/probe-start.ts';
import type { Schedule } from '#lib/core/probe/schedule.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { LostTime } from './doubt.ts';
import type { NumberRow } from './number-rows.ts';
import type { ProbeAssignment } from './probe-assignment.ts';
import type { Prober } from './prober.ts';
import type { RunLog } from './run-log.ts';

/** Knows when this process could not work, so that a slow target can be told from a slow checker. */
export interface StallWitness {
  /** Called at the start of a run. */
  started(): void;
  /** Called once at the end of each run that was started; gives the time lost since its start. */
  ended(startedMs: number): LostTime;
}

/** Told about every run, for metrics. Must be cheap and must not throw. */
export interface ProbeObserver {
  started(kind: ProbeKind, lateMs: number): void;
  finished(kind: ProbeKind, outcome: ProbeOutcome, durationMs: number): void;
}

/** Idle connections whose end triggers a run: see `Sentinels`. */
export interface SentinelHolder {
  /** Called after each success of an assignment with a sentinel. */
  hold(target: Target): void;
  release(target: Target): void;
}

/** A check that runs, and who asks for it. */
export interface OwnedCheck {
  readonly assignment: ProbeAssignment;
  /** Checks with no other owner share one list: nearly all have one. */
  readonly owners: readonly string[];
}

/** What all workers share. */
export interface ProbeWorkerDeps {
  readonly clock: Clock;
  readonly prober: Prober<Probe>;
  readonly stalls: StallWitness;
  readonly observer: ProbeObserver;
  readonly log: Pick<RunLog, 'note'>;
  readonly sentinels: SentinelHolder;
  /** The verdict of the check, or the message of a down one, has changed. */
  readonly onChange: (check: OwnedCheck) => void;
}

/** What a worker is to do. */
export interface ProbeWork {
  readonly assignment: ProbeAssignment;
  readonly start: ProbeStart;
  readonly schedule: Schedule;
  /** Place in the log of runs, and row of numbers. */
  readonly place: number;
  /** For `WORKER_NUMBERS` numbers of the worker's. */
  readonly numbers: NumberRow;
}
