import type { Probe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Prober, Settler, Work } from '#lib/probe/prober.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export const REFUSED: ProbeOutcome = failure('ConnectionRefused', 'refused');
export const TIMED_OUT: ProbeOutcome = failure('Timeout', 'timed out');

/** What a target does: answers at once, answers late, or hangs until the deadline. */
export type Behaviour = ProbeOutcome | { readonly afterMs: number; readonly outcome: ProbeOutcome } | 'hang';

export interface StartedRun {
  readonly probe: Probe;
  readonly target: Target;
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** How often its work was told to free what it holds. */
  readonly releases: number;
  /** It was released before it ended by itself or at its deadline. */
  readonly isCancelled: boolean;
}

/** A prober whose targets behave as told; remembers what was run and how many runs overlapped. */
export class ScriptedProber {
  mostAtOnce = 0;
  behave: (target: Target, count: number) => Behaviour = () => SUCCESS;
  readonly #clock: Clock;
  readonly #started: ScriptedWork[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get started(): readonly StartedRun[] {
    return this.#started;
  }

  /** Start times of all runs. */
  get startTimes(): readonly number[] {
    return this.started.map(({ startedMs }) => startedMs);
  }

  readonly prober: Prober<Probe> = (probe, target, deadlineMs) => {
    const run = { probe, target, deadlineMs, behaviour: this.behave(target, this.started.length + 1) };
    const work = new ScriptedWork(run, this.#clock);
    this.#started.push(work);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.started.filter(({ releases }) => releases === 0).length);
    return work;
  };
}

type ScriptedRun = Pick<StartedRun, 'probe' | 'target' | 'deadlineMs'> & { readonly behaviour: Behaviour };

class ScriptedWork implements Work, StartedRun {
  readonly probe: Probe;
  readonly target: Target;
  readonly startedMs: number;
  readonly deadlineMs: number;
  releases = 0;
  isCancelled = false;
  readonly #behaviour: Behaviour;
  readonly #clock: Clock;
  #cancelAnswer: (() => void) | undefined;
  #hasEnded = false;

  constructor({ probe, target, deadlineMs, behaviour }: ScriptedRun, clock: Clock) {
    this.probe = probe;
    this.target = target;
    this.startedMs = clock.monotonicMs();
    this.deadlineMs = deadlineMs;
    this.#behaviour = behaviour;
    this.#clock = clock;
  }

  start(settler: Settler): void {
    const behaviour = this.#behaviour;
    if (behaviour === 'hang') return;
    if ('afterMs' in behaviour) {
      const { afterMs, outcome } = behaviour;
      this.#cancelAnswer = this.#clock.schedule(afterMs, () => this.#end(settler, outcome));
    } else {
      this.#end(settler, behaviour);
    }
  }

  onTimeout(): ProbeOutcome {
    this.#hasEnded = true;
    return TIMED_OUT;
  }

  release(): void {
    this.releases++;
    this.isCancelled = !this.#hasEnded;
    this.#cancelAnswer?.();
  }

  #end(settler: Settler, outcome: ProbeOutcome): void {
    this.#hasEnded = true;
    settler.settle(outcome);
  }
}
