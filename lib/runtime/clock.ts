/** Time as a parameter. Monotonic time orders and measures; wall time is for what is shown and stored. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never jumps, not even when the system clock is set. */
  monotonicMs(): number;
  /** The wall clock. */
  now(): Date;
  /** Calls back once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void;
  /** For who is to be called back again and again: the timer is made once, and armed each time. */
  timer(owner: Ringing): Timer;
  /**
   * Calls back soon, when what has arrived at sockets by now has been read: timers run before sockets in one turn of the
   * event loop, so what a timer finds missing may only be unread.
   */
  afterReads(callback: () => void): void;
}

/** Who is called back by a timer. */
export interface Ringing {
  ring(): void;
}

/** Rings once after each `arm`. */
export interface Timer {
  /** From now on; replaces what it was armed for. */
  arm(delayMs: number): void;
  cancel(): void;
}

/** A timer made of single calls. */
export function timerOf(schedule: Clock['schedule'], owner: Ringing): Timer {
  let cancel: (() => void) | undefined;
  return {
    arm(delayMs) {
      cancel?.();
      cancel = schedule(delayMs, () => owner.ring());
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
  timer: (owner) => timerOf(systemClock.schedule, owner),
  afterReads(callback) {
    setImmediate(callback);
  },
};
