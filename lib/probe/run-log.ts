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
  readonly endedMs: Float64Array;
  readonly durationMs: Float32Array;
  readonly codes: Uint8Array;
  /** By check: how many runs it has had; of them, the last ones are there. */
  readonly runs: Uint32Array;
}

/** The last runs of many checks, in 264 bytes a check: an object for each run would take twenty times as much. */
export class RunLog {
  readonly #blocks: Block[] = [];
  /** Places that were given back. */
  readonly #free: number[] = [];
  #places = 0;

  /** A place for one more check, with no runs. */
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
    const at = check * REMEMBERED_RUNS + (runs % REMEMBERED_RUNS);
    block.endedMs[at] = endedMs;
    block.durationMs[at] = durationMs;
    block.codes[at] = codeOf(outcome);
    block.runs[check] = runs + 1;
  }

  /** The runs that are remembered, oldest first. */
  read(place: number): readonly LoggedRun[] {
    const { block, check } = this.#locate(place);
    const runs = block.runs[check] ?? 0;
    const count = Math.min(runs, REMEMBERED_RUNS);
    return Array.from({ length: count }, (_, index) => {
      const at = check * REMEMBERED_RUNS + ((runs - count + index) % REMEMBERED_RUNS);
      return {
        endedMs: block.endedMs[at] ?? 0,
        durationMs: block.durationMs[at] ?? 0,
        outcome: OUTCOMES[block.codes[at] ?? 0] ?? 'success',
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
    endedMs: new Float64Array(RUNS_IN_A_BLOCK),
    durationMs: new Float32Array(RUNS_IN_A_BLOCK),
    codes: new Uint8Array(RUNS_IN_A_BLOCK),
    runs: new Uint32Array(CHECKS_IN_A_BLOCK),
  };
}

function codeOf(outcome: ProbeOutcome): number {
  if (outcome.kind === 'success') return 0;
  return CODES.get(outcome.kind === 'failure' ? outcome.reason : outcome.cause) ?? 0;
}
