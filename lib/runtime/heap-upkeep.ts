import type { Clock, Timer } from './clock.ts';

export interface HeapUpkeepDeps {
  readonly clock: Clock;
  /** Gives back the memory that is not in use, and tells whether another one would give more: see `compactHeap`. */
  readonly compact: () => boolean;
}

/** A large change comes in many parts. */
const QUIET_MS = 5_000;
/** After the first change: where something changes all the time, it is never quiet. */
const LONGEST_WAIT_MS = 20_000;
/** To the next of a series: by then V8 has given the pages back that the last one has emptied. */
const PAUSE_MS = 5_000;
/** Two at least, because the first one only finds out which pages have holes. */
const FEWEST_IN_SERIES = 2;
const MOST_IN_SERIES = 4;
/** From one series to the next, because being stopped for it must stay rare: when it is quiet, and when it is not. */
const LEAST_GAP_MS = 20_000;
const LEAST_BUSY_GAP_MS = 60_000;

/**
 * Has the heap compacted when changes are over, by a series of collections, since which pages have holes each one finds
 * out for the next. What a start or a large change leaves behind outlives the young generation, and steady work hardly
 * adds to it: V8 would see no reason to collect for a long time.
 */
export class HeapUpkeep {
  readonly #deps: HeapUpkeepDeps;
  readonly #timer: Timer;
  #state: 'idle' | 'waiting' | 'between' = 'idle';
  /** While waiting: the first one comes not later than this. */
  #latestMs = 0;
  /** When the first one of the last series came. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** How many of the series have been. */
  #count = 0;
  /** Something has changed during the series. */
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

  /** The time has come for one of a series. */
  ring(): void {
    const { clock, compact } = this.#deps;
    const isWorthAnother = compact();
    if (this.#state === 'waiting') {
      this.#state = 'between';
      this.#lastMs = clock.monotonicMs();
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count < FEWEST_IN_SERIES || (isWorthAnother && this.#count < MOST_IN_SERIES)) {
      this.#timer.arm(PAUSE_MS);
      return;
    }
    this.#state = 'idle';
    if (!this.#hasChanged) return;
    this.#hasChanged = false;
    this.noteChange();
  }
}
