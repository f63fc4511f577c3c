import {
  FAILURE_REASONS,
  type FailureReason,
  type ProbeOutcome,
  UNKNOWN_CAUSES,
  type UnknownCause,
} from '#lib/core/probe/probe-outcome.ts';

/** One run as it is remembered. */
export interface LoggedRun {
  /** When it ended, in the clock's monotonic milliseconds. */
  readonly endedMs: number;
  readonly durationMs: number;
  readonly outcome: LoggedOutcome;
}

/** `success`, or why not. */
export type LoggedOutcome = 'success' | FailureReason | UnknownCause;

/** How many runs of a check are remembered. */
export const REMEMBERED_RUNS = 20;

const CHECKS_IN_A_BLOCK = 128;
const RUNS_IN_A_BLOCK = CHECKS_IN_A_BLOCK * REMEMBERED_RUNS;

const OUTCOMES: readonly LoggedOutcome[] = ['success', ...FAILURE_REASONS, ...UNKNOWN_CAUSES];
const CODES: ReadonlyMap<string, number> = new Map(OUTCOMES.map((outcome, code) => [outcome, code]));

interface Block {
  /** When each run ended, and its `fact`, in turn: what a run is noted in lies in one place of memory. */
  readonly notes: Float64Array;
  /** By check: how many runs it has had; of them, the last ones are there. */
  readonly runs: Uint32Array;
}

/** The last runs of many checks, in 324 bytes a check: an object for each run would take twenty times as much. */
export class RunLog {
  readonly #blocks: Block[] = [];
  /** Places that were given back. */
  readonly #free: number[] = [];
  #places = 0;

  /** A place for one more check, with no runs. No other check has it, so other things are kept by place too. */
  take(): number {
    const place = this.#free.pop() ?? this.#places++;
    if (place >= this.#blocks.length * CHECKS_IN_A_BLOCK) this.#blocks.push(emptyBlock());
    const { block, check } = this.#locate(place);
    block.runs[check] = 0;
    return place;
  }

  /** Forgets the runs of a check; the place must not be used any more. */
  giveBack(place: number): void {
    this.#free.push(place);
  }

  note(place: number, outcome: ProbeOutcome, { endedMs, durationMs }: Omit<LoggedRun, 'outcome'>): void {
    const { block, check } = this.#locate(place);
    const runs = block.runs[check] ?? 0;
    const at = 2 * (check * REMEMBERED_RUNS + (runs % REMEMBERED_RUNS));
    block.notes[at] = endedMs;
    block.notes[at + 1] = factOf(durationMs, codeOf(outcome));
    block.runs[check] = runs + 1;
  }

  /** The runs that are remembered, oldest first. */
  read(place: number): readonly LoggedRun[] {
    const { block, check } = this.#locate(place);
    const runs = block.runs[check] ?? 0;
    const count = Math.min(runs, REMEMBERED_RUNS);
    return Array.from({ length: count }, (_, index) => {
      const at = 2 * (check * REMEMBERED_RUNS + ((runs - count + index) % REMEMBERED_RUNS));
      const fact = block.notes[at + 1] ?? 0;
      return {
        endedMs: block.notes[at] ?? 0,
        durationMs: Math.floor(fact / CODES_IN_A_FACT) / FACTS_IN_A_MS,
        outcome: OUTCOMES[fact % CODES_IN_A_FACT] ?? 'success',
      };
    });
  }

  #locate(place: number): { readonly block: Block; readonly check: number } {
    const block = this.#blocks[Math.floor(place / CHECKS_IN_A_BLOCK)];
    if (block === undefined) throw new Error(`bug: no check has place ${place}`);
    return { block, check: place % CHECKS_IN_A_BLOCK };
  }
}

function emptyBlock(): Block {
  return {
    notes: new Float64Array(2 * RUNS_IN_A_BLOCK),
    runs: new Uint32Array(CHECKS_IN_A_BLOCK),
  };
}

/** Duration in microseconds and outcome in one whole number. */
function factOf(durationMs: number, code: number): number {
  return Math.round(durationMs * FACTS_IN_A_MS) * CODES_IN_A_FACT + code;
}

const FACTS_IN_A_MS = 1000;
const CODES_IN_A_FACT = 256;

function codeOf(outcome: ProbeOutcome): number {
  if (outcome.kind === 'success') return 0;
  return CODES.get(outcome.kind === 'failure' ? outcome.reason : outcome.cause) ?? 0;
}
