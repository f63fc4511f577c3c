import {
  FAILURE_REASONS,
  type FailureReason,
  type ProbeOutcome,
  UNKNOWN_CAUSES,
  type UnknownCause,
} from '#lib/core/probe/probe-outcome.ts';

/** One run as it is remembered. */
export interface LoggedRun {
  /** When it ended, in the clock's monotonic milliseconds, whole ones. */
  readonly endedMs: number;
  /** To a hundredth; that of more than 83 seconds to ten milliseconds. */
  readonly durationMs: number;
  readonly outcome: LoggedOutcome;
}

/** `success`, or why not. */
export type LoggedOutcome = 'success' | FailureReason | UnknownCause;

/** How many runs of a check are remembered. */
export const REMEMBERED_RUNS = 20;

/** Blocks are mapped as whole pages, and the kernel gives a page when it is first written to. */
const CHECKS_IN_A_BLOCK = 1024;
const RUNS_IN_A_BLOCK = CHECKS_IN_A_BLOCK * REMEMBERED_RUNS;

const OUTCOMES: readonly LoggedOutcome[] = ['success', ...FAILURE_REASONS, ...UNKNOWN_CAUSES];
const CODE_OF: ReadonlyMap<string, number> = new Map(OUTCOMES.map((outcome, code) => [outcome, code]));

interface Block {
  /**
   * When each run ended, in milliseconds modulo 2^32, and its `fact`, in turn: what a run is noted in lies in one place of
   * memory. Twenty runs are over in 25 days where they are furthest apart, and 2^32 ms are 49.
   */
  readonly notes: Uint32Array;
  /** By check: how many runs it has had; of them, the last ones are there. */
  readonly runs: Uint32Array;
}

/** The last runs of many checks, in 164 bytes a check: an object for each run would take forty times as much. */
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
    // The array keeps it modulo 2^32.
    block.notes[at] = endedMs;
    block.notes[at + 1] = factOf(durationMs, codeOf(outcome));
    block.runs[check] = runs + 1;
  }

  /** The runs that are remembered, oldest first. `nowMs`: by the clock that their ends were told by. */
  read(place: number, nowMs: number): readonly LoggedRun[] {
    const { block, check } = this.#locate(place);
    const now = Math.floor(nowMs);
    const runs = block.runs[check] ?? 0;
    const count = Math.min(runs, REMEMBERED_RUNS);
    return Array.from({ length: count }, (_, index) => {
      const at = 2 * (check * REMEMBERED_RUNS + ((runs - count + index) % REMEMBERED_RUNS));
      const fact = block.notes[at + 1] ?? 0;
      return {
        endedMs: now - ((now - (block.notes[at] ?? 0)) >>> 0),
        durationMs: durationOf(Math.floor(fact / CODES)),
        outcome: OUTCOMES[fact % CODES] ?? 'success',
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
    notes: new Uint32Array(2 * RUNS_IN_A_BLOCK),
    runs: new Uint32Array(CHECKS_IN_A_BLOCK),
  };
}

/** Duration and outcome in one number of 32 bits. */
function factOf(durationMs: number, code: number): number {
  return stepsOf(durationMs) * CODES + code;
}

/** How many codes of outcomes there is room for. */
const CODES = 256;

/** Duration in 24 bits: so many short steps, or from `LONG` on so many long ones. */
function stepsOf(durationMs: number): number {
  const short = Math.round(durationMs * SHORT_IN_A_MS);
  if (short < LONG) return short;
  return LONG + Math.min(LONG - 1, Math.round(durationMs / LONG_MS));
}

function durationOf(steps: number): number {
  return steps < LONG ? steps / SHORT_IN_A_MS : (steps - LONG) * LONG_MS;
}

const LONG = 2 ** 23;
const SHORT_IN_A_MS = 100;
const LONG_MS = 10;

function codeOf(outcome: ProbeOutcome): number {
  if (outcome.kind === 'success') return 0;
  return CODE_OF.get(outcome.kind === 'failure' ? outcome.reason : outcome.cause) ?? 0;
}
