/** Time as a parameter. Monotonic time orders and measures; wall time is for what is shown and stored. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never jumps, not even when the system clock is set. */
  monotonicMs(): number;
  /** The wall clock. */
  now(): Date;
  /** Calls back once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  now: () => new Date(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
