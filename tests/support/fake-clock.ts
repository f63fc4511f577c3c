import { type Clock, type Ringing, type Timer, timerOf } from '#lib/runtime/clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. Both times advance together; wall time can be set apart. */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallMs: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(wall = '2026-01-01T00:00:00Z') {
    this.#wallMs = Date.parse(wall);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  now(): Date {
    return new Date(this.#wallMs);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const sleeper = { dueMs: this.#monotonicMs + Math.max(0, delayMs), callback };
    this.#sleepers.add(sleeper);
    return () => this.#sleepers.delete(sleeper);
  }

  timer(owner: Ringing): Timer {
    return timerOf((delayMs, callback) => this.schedule(delayMs, callback), owner);
  }

  afterReads(callback: () => void): void {
    this.schedule(0, callback);
  }

  /** Callbacks that wait for their time. */
  get pending(): number {
    return this.#sleepers.size;
  }

  /** Lets time pass: runs every callback that becomes due, in order, and settled promises after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#firstBefore(untilMs); next !== undefined; next = this.#firstBefore(untilMs)) {
      this.#sleepers.delete(next);
      this.#goTo(Math.max(next.dueMs, this.#monotonicMs));
      next.callback();
      await settle();
    }
    this.#goTo(untilMs);
  }

  /** Lets time pass at once, as for a process that was stopped: what became due meanwhile runs afterwards. */
  async stall(ms: number): Promise<void> {
    this.pass(ms);
    await this.advance(0);
  }

  /** Lets time pass while the caller works: what becomes due waits. */
  pass(ms: number): void {
    this.#goTo(this.#monotonicMs + ms);
  }

  /** Sets the wall clock; monotonic time does not notice. */
  setWallClock(wall: string): void {
    this.#wallMs = Date.parse(wall);
  }

  #goTo(ms: number): void {
    this.#wallMs += ms - this.#monotonicMs;
    this.#monotonicMs = ms;
  }

  #firstBefore(untilMs: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueMs <= untilMs && (first === undefined || sleeper.dueMs < first.dueMs)) first = sleeper;
    }
    return first;
  }
}

/** Promises that are settled, and those that wait for them, have had their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
