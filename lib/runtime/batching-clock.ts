import type { Clock, Ringing, Timer } from './clock.ts';

/** What is due within the same millisecond. */
interface Batch {
  readonly atMs: number;
  /** In order; a set would allocate a table whenever its last member goes. Undefined: was cancelled. */
  readonly alarms: (Alarm | undefined)[];
  /** How many of them were not cancelled. */
  waiting: number;
}

/**
 * A clock whose callbacks come on whole milliseconds of the monotonic clock, all that fall into one of them in one go
 * and in the order in which they were scheduled. It needs one timer of the clock beneath, however many callbacks wait:
 * waking up costs more than most callbacks.
 */
export function batchingClock(clock: Clock): Clock {
  const batches = new BatchQueue(clock);
  return {
    monotonicMs: () => clock.monotonicMs(),
    now: () => clock.now(),
    schedule(delayMs, callback) {
      const alarm = new Alarm(batches, { ring: callback });
      alarm.arm(delayMs);
      return () => alarm.cancel();
    },
    timer: (owner) => new Alarm(batches, owner),
    afterReads: (callback) => clock.afterReads(callback),
  };
}

/** A timer that takes a place in a batch whenever it is armed. */
class Alarm implements Timer {
  readonly #owner: Ringing;
  readonly #queue: BatchQueue;
  #batch: Batch | undefined;
  /** Place in the batch. */
  #index = 0;

  constructor(queue: BatchQueue, owner: Ringing) {
    this.#queue = queue;
    this.#owner = owner;
  }

  arm(delayMs: number): void {
    this.cancel();
    const batch = this.#queue.batchIn(delayMs);
    this.#batch = batch;
    this.#index = batch.alarms.push(this) - 1;
    batch.waiting += 1;
  }

  cancel(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    batch.alarms[this.#index] = undefined;
    batch.waiting -= 1;
    if (batch.waiting === 0) this.#queue.close(batch);
  }

  /** It is time. */
  ring(): void {
    this.#batch = undefined;
    this.#owner.ring();
  }
}

class BatchQueue {
  readonly #clock: Clock;
  readonly #batches = new Map<number, Batch>();
  /** Binary heap of the times of all batches; may hold times whose batch has been emptied. */
  readonly #times: number[] = [];
  #armedMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The batch of the first whole millisecond that is not earlier than in so many milliseconds. */
  batchIn(delayMs: number): Batch {
    const atMs = Math.ceil(this.#clock.monotonicMs() + delayMs);
    return this.#batches.get(atMs) ?? this.#open(atMs);
  }

  /** Forgets a batch in which nobody waits any more. */
  close(batch: Batch): void {
    const { atMs } = batch;
    // The batch whose turn it is has left the queue already.
    if (this.#batches.get(atMs) !== batch) return;
    this.#batches.delete(atMs);
    if (atMs === this.#armedMs) this.#armNext();
  }

  #open(atMs: number): Batch {
    const batch: Batch = { atMs, alarms: [], waiting: 0 };
    this.#batches.set(atMs, batch);
    push(this.#times, atMs);
    if (atMs < this.#armedMs) this.#arm(atMs);
    return batch;
  }

  #arm(atMs: number): void {
    this.#cancelTimer?.();
    this.#armedMs = atMs;
    this.#cancelTimer = this.#clock.schedule(Math.max(0, atMs - this.#clock.monotonicMs()), this.#fire);
  }

  #armNext(): void {
    for (let next = this.#times[0]; next !== undefined; next = this.#times[0]) {
      if (this.#batches.has(next)) {
        if (next !== this.#armedMs) this.#arm(next);
        return;
      }
      popSmallest(this.#times);
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedMs = Number.POSITIVE_INFINITY;
  }

  readonly #fire = (): void => {
    // The timer beneath may be a fraction of a millisecond early.
    const untilMs = Math.max(this.#armedMs, this.#clock.monotonicMs());
    this.#cancelTimer = undefined;
    try {
      for (let next = this.#times[0]; next !== undefined && next <= untilMs; next = this.#times[0]) {
        this.#run(next);
      }
    } finally {
      this.#armedMs = Number.POSITIVE_INFINITY;
      this.#armNext();
    }
  };

  #run(atMs: number): void {
    const batch = this.#batches.get(atMs);
    this.#batches.delete(atMs);
    popSmallest(this.#times);
    for (const alarm of batch?.alarms ?? []) alarm?.ring();
  }
}

function push(heap: number[], value: number): void {
  let index = heap.push(value) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] ?? 0;
    if (above <= value) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = value;
}

function popSmallest(heap: number[]): void {
  const value = heap.pop();
  if (value === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if ((heap[child + 1] ?? Number.POSITIVE_INFINITY) < (heap[child] ?? 0)) child += 1;
    const below = heap[child] ?? 0;
    if (below >= value) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = value;
}
