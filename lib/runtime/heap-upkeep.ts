import type { Clock, Timer } from './clock.ts';

export interface HeapUpkeepDeps {
  readonly clock: Clock;
  /** Gives back the memory that is not in use: see `compactHeap`. */
  readonly compact: () => void;
}

/** A large change comes in many parts; nothing is compacted between them. */
const QUIET_MS = 10_000;
/** Where something changes all the time, being stopped for it must stay rare. */
const LEAST_GAP_MS = 60_000;

/**
 * Has the heap compacted when changes are over, twice: which pages have holes, the first collection finds out for the
 * second. What a start or a large change leaves behind outlives the young generation, and steady work hardly adds to it: V8
 * would see no reason to collect for a long time.
 */
export class HeapUpkeep {
  readonly #deps: HeapUpkeepDeps;
  readonly #timer: Timer;
  #earliestMs = Number.NEGATIVE_INFINITY;
  /** The timer is armed for the second of two. */
  #isSecond = false;

  constructor(deps: HeapUpkeepDeps) {
    this.#deps = deps;
    this.#timer = deps.clock.timer(this);
  }

  /** Something has changed that leaves garbage behind. */
  noteChange(): void {
    const waitMs = this.#earliestMs - this.#deps.clock.monotonicMs();
    this.#isSecond = false;
    this.#timer.arm(Math.max(QUIET_MS, waitMs));
  }

  /** No more changes are awaited. */
  stop(): void {
    this.#timer.cancel();
  }

  /** It has been quiet. */
  ring(): void {
    const { clock, compact } = this.#deps;
    this.#isSecond = !this.#isSecond;
    if (this.#isSecond) {
      this.#earliestMs = clock.monotonicMs() + LEAST_GAP_MS;
      this.#timer.arm(QUIET_MS);
    }
    compact();
  }
}
