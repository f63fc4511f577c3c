import { type BackoffRange, backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Waits after failures of one key. */
  readonly backoff?: BackoffRange;
}

const BACKOFF: BackoffRange = { minMs: 100, maxMs: 30_000 };

interface Delayed {
  readonly dueMs: number;
  readonly cancel: () => void;
}

/**
 * Keys that wait for work, first come first served. A key that is added many times before its turn is worked on once;
 * one that is added while it is worked on comes again afterwards. So no two workers ever have the same key.
 */
export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  /** In the order of their turn. */
  readonly #ready = new Set<string>();
  /** Taken and not done, or resting. No key of it is in `#ready`. */
  readonly #running = new Set<string>();
  /** What ends the rest of a key early. */
  readonly #resting = new Map<string, () => void>();
  /** Added while running: becomes ready when done. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];

  constructor(deps: WorkQueueDeps) {
    this.#deps = deps;
  }

  /** Keys that are due and not being worked on. */
  depth(): number {
    return this.#ready.size + this.#again.size;
  }

  add(key: string): void {
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    this.#handOut();
  }

  /** Adds the key after a while; of several waits for one key the shortest counts. */
  addAfter(key: string, delayMs: number): void {
    const { clock } = this.#deps;
    const dueMs = clock.monotonicMs() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    earlier?.cancel();
    const cancel = clock.schedule(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  /** Adds the key after a wait that grows with each failure in a row; returns their number and the wait. */
  addAfterFailure(key: string): { readonly failures: number; readonly delayMs: number } {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const delayMs = backoffMs(failures, this.#deps.backoff ?? BACKOFF, this.#deps.random);
    this.addAfter(key, delayMs);
    return { failures, delayMs };
  }

  /** The key succeeded: its next failure counts as the first. */
  forgetFailures(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, to be given back with `done`; waits for one. Undefined once the signal aborts. */
  take(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const stop = () => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(undefined);
      };
      const taker = (key: string | undefined) => {
        signal.removeEventListener('abort', stop);
        resolve(key);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#takers.push(taker);
      this.#handOut();
    });
  }

  /** Ends the work on a taken key, which does not come again before it has rested for so long. */
  done(key: string, restMs = 0): void {
    if (restMs > 0)
      this.#resting.set(
        key,
        this.#deps.clock.schedule(restMs, () => this.#release(key)),
      );
    else this.#release(key);
  }

  /** Drops every wait, so that no timer keeps the process alive. */
  close(): void {
    for (const { cancel } of this.#delayed.values()) cancel();
    for (const cancel of this.#resting.values()) cancel();
    this.#delayed.clear();
    this.#resting.clear();
  }

  #release(key: string): void {
    this.#resting.delete(key);
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  #handOut(): void {
    for (const key of this.#ready) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      this.#ready.delete(key);
      this.#running.add(key);
      taker(key);
    }
  }
}
