/** Time as a parameter. Monotonic time orders and measures; wall time is for what is shown and stored. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never jumps, not even when the system clock is set. */
  monotonicMs(): number;
  /** The wall clock. */
  now(): Date;
  /** Calls back once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** What calls back whenever it was armed, for callbacks that come again and again: it is made once. */
  timer(callback: () => void): Timer;
  /**
   * Calls back soon, when what has arrived at sockets by now has been read: timers run before sockets in one turn of the
   * event loop, so what a timer finds missing may only be unread.
   */
  afterReads(callback: () => void): void;
}

/** Calls back once after each `arm`. */
export interface Timer {
  /** From now on; replaces what it was armed for. */
  arm(delayMs: number): void;
  cancel(): void;
}

/** A timer made of single calls. */
export function timerOf(schedule: Clock['schedule'], callback: () => void): Timer {
  let cancel: (() => void) | undefined;
  return {
    arm(delayMs) {
      cancel?.();
      cancel = schedule(delayMs, callback);
    },
    cancel() {
      cancel?.();
      cancel = undefined;
    },
  };
}

/** The clock of the machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  now: () => new Date(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  timer: (callback) => timerOf(systemClock.schedule, callback),
  afterReads(callback) {
    setImmediate(callback);
  },
};
