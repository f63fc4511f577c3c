import type { Clock, Timer } from './clock.ts';

export interface HeapUpkeepDeps {
  readonly clock: Clock;
  /** Gives back the memory that is not in use: see `compactHeap`. */
  readonly compact: () => void;
}

/** A large change comes in many parts. */
const QUIET_MS = 5_000;
/** After the first change: where something changes all the time, it is never quiet. */
const LONGEST_WAIT_MS = 20_000;
/** To the second of two: by then V8 has given the pages back that the first has emptied. */
const PAUSE_MS = 5_000;
/** From one pair to the next, because being stopped for it must stay rare: when it is quiet, and when it is not. */
const LEAST_GAP_MS = 20_000;
const LEAST_BUSY_GAP_MS = 60_000;

/**
 * Has the heap compacted when changes are over, twice: which pages have holes, the first collection finds out for the
 * second. What a start or a large change leaves behind outlives the young generation, and steady work hardly adds to it: V8
 * would see no reason to collect for a long time.
 */
export class HeapUpkeep {
  readonly #deps: HeapUpkeepDeps;
  readonly #timer: Timer;
  #state: 'idle' | 'waiting' | 'between' = 'idle';
  /** While waiting: the first of two comes not later than this. */
  #latestMs = 0;
  /** When the first of the last two came. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Something has changed between the two. */
  #hasChanged = false;

  constructor(deps: HeapUpkeepDeps) {
    this.#deps = deps;
    this.#timer = deps.clock.timer(this);
  }

  /** Something has changed that leaves garbage behind. */
  noteChange(): void {
    if (this.#state === 'between') {
      this.#hasChanged = true;
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#state === 'idle') {
      this.#state = 'waiting';
      this.#latestMs = Math.max(nowMs + LONGEST_WAIT_MS, this.#lastMs + LEAST_BUSY_GAP_MS);
    }
    const quietMs = Math.max(nowMs + QUIET_MS, this.#lastMs + LEAST_GAP_MS);
    this.#timer.arm(Math.min(quietMs, this.#latestMs) - nowMs);
  }

  /** No more changes are awaited. */
  stop(): void {
    this.#timer.cancel();
  }

  /** The time has come for the first or the second of two. */
  ring(): void {
    const { clock, compact } = this.#deps;
    compact();
    if (this.#state === 'waiting') {
      this.#state = 'between';
      this.#lastMs = clock.monotonicMs();
      this.#timer.arm(PAUSE_MS);
      return;
    }
    this.#state = 'idle';
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.noteChange();
  }
}
