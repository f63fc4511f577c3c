import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { bug, cancelled } from '#lib/probe/probe-run.ts';
import type { Prober, Settler, Work } from '#lib/probe/prober.ts';

/** The same prober; `note` hears of each run once, with the outcome before anybody doubts it. */
export function notedProber(
  prober: Prober<Probe>,
  note: (target: Target, outcome: ProbeOutcome) => void,
): Prober<Probe> {
  return (probe, target, deadlineMs) => {
    const noteOne = (outcome: ProbeOutcome): void => note(target, outcome);
    const given = orNoted(noteOne, () => prober(probe, target, deadlineMs));
    if (!('kind' in given)) return new NotedWork(given, noteOne);
    noteOne(given);
    return given;
  };
}

class NotedWork implements Work, Settler {
  readonly #work: Work;
  readonly #noteOne: (outcome: ProbeOutcome) => void;
  #settler: Settler | undefined;
  #isNoted = false;

  constructor(work: Work, noteOne: (outcome: ProbeOutcome) => void) {
    this.#work = work;
    this.#noteOne = noteOne;
  }

  start(settler: Settler): void {
    this.#settler = settler;
    orNoted(this.#note, () => this.#work.start(this));
  }

  settle(outcome: ProbeOutcome): void {
    this.#note(outcome);
    this.#settler?.settle(outcome);
  }

  onTimeout(): ProbeOutcome {
    const outcome = orNoted(this.#note, () => this.#work.onTimeout());
    this.#note(outcome);
    return outcome;
  }

  release(): void {
    this.#work.release();
    // What is released before it has ended was called off.
    this.#note(cancelled());
  }

  readonly #note = (outcome: ProbeOutcome): void => {
    if (this.#isNoted) return;
    this.#isNoted = true;
    this.#noteOne(outcome);
  };
}

/** What the step gives; one that throws is noted as the bug that its run ends with. */
function orNoted<T>(note: (outcome: ProbeOutcome) => void, step: () => T): T {
  try {
    return step();
  } catch (error) {
    note(bug(error));
    throw error;
  }
}
