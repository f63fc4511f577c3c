import type { Probe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ProbeRun, Prober } from '#lib/probe/prober.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export const REFUSED: ProbeOutcome = failure('ConnectionRefused', 'refused');
export const TIMED_OUT: ProbeOutcome = failure('Timeout', 'timed out');
export const CANCELLED: ProbeOutcome = unknown('Cancelled', 'cancelled');

/** What a target does: answers at once, answers late, hangs until the deadline, or never settles at all. */
export type Behaviour =
  | ProbeOutcome
  | { readonly afterMs: number; readonly outcome: ProbeOutcome }
  | 'hang'
  | 'never-settle';

export interface StartedRun {
  readonly probe: Probe;
  readonly target: Target;
  readonly startedMs: number;
  readonly run: ProbeRun;
  isCancelled: boolean;
}

/** A prober whose targets behave as told; remembers what was run and how many runs overlapped. */
export class ScriptedProber {
  readonly started: StartedRun[] = [];
  mostAtOnce = 0;
  behave: (target: Target, count: number) => Behaviour = () => SUCCESS;
  readonly #clock: Clock;
  #underWay = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Start times of all runs. */
  get startTimes(): readonly number[] {
    return this.started.map(({ startedMs }) => startedMs);
  }

  readonly prober: Prober<Probe> = (probe, target, run) => {
    const startedMs = this.#clock.monotonicMs();
    const started: StartedRun = { probe, target, startedMs, run, isCancelled: false };
    this.started.push(started);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    const behaviour = this.behave(target, this.started.length);
    return this.#settle(behaviour, started).finally(() => this.#underWay--);
  };

  #settle(behaviour: Behaviour, started: StartedRun): Promise<ProbeOutcome> {
    const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
    const { run } = started;
    run.cancel = () => {
      started.isCancelled = true;
      if (behaviour !== 'never-settle') resolve(CANCELLED);
    };
    if (behaviour === 'never-settle') return promise;
    if (behaviour === 'hang') {
      this.#clock.schedule(run.deadlineMs - this.#clock.monotonicMs(), () => resolve(TIMED_OUT));
    } else if ('afterMs' in behaviour) {
      this.#clock.schedule(behaviour.afterMs, () => resolve(behaviour.outcome));
    } else {
      resolve(behaviour);
    }
    return promise;
  }
}
