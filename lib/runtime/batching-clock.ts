import type { Clock, Ringing, Timer } from './clock.ts';

/**
 * What is due within the same millisecond, in the order in which it was armed: a chain through the alarms themselves,
 * because a list would live for as long as the period of a probe, and be collected as slowly as what lives for ever.
 */
interface Batch {
  readonly atMs: number;
  first: Alarm | undefined;
  last: Alarm | undefined;
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
  /** Neighbours in the batch. */
  #before: Alarm | undefined;
  #after: Alarm | undefined;

  constructor(queue: BatchQueue, owner: Ringing) {
    this.#queue = queue;
    this.#owner = owner;
  }

  arm(delayMs: number): void {
    this.cancel();
    const batch = this.#queue.batchIn(delayMs);
    const { last } = batch;
    this.#batch = batch;
    this.#before = last;
    if (last === undefined) batch.first = this;
    else last.#after = this;
    batch.last = this;
  }

  cancel(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    const before = this.#before;
    const after = this.#after;
    if (before === undefined) batch.first = after;
    else before.#after = after;
    if (after === undefined) batch.last = before;
    else after.#before = before;
    this.#batch = undefined;
    this.#before = undefined;
    this.#after = undefined;
    if (batch.first === undefined) this.#queue.close(batch);
  }

  /** It is time. */
  ring(): void {
    this.cancel();
    this.#owner.ring();
  }
}

class BatchQueue {
  readonly #clock: Clock;
  readonly #batches = new Map<number, Batch>();
  /** Binary heap of the times of all batches; may hold times whose batch has been emptied. */
  readonly #times: number[] = [];
  /** When the timer beneath is due. While batches are run: the beginning of time, so that nobody arms it. */
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
  close({ atMs }: Batch): void {
    this.#batches.delete(atMs);
    if (atMs === this.#armedMs) this.#armNext();
  }

  #open(atMs: number): Batch {
    const batch: Batch = { atMs, first: undefined, last: undefined };
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
    // The timer beneath may be early: by up to two milliseconds in Node.
    const untilMs = Math.max(this.#armedMs, this.#clock.monotonicMs());
    this.#cancelTimer = undefined;
    this.#armedMs = Number.NEGATIVE_INFINITY;
    try {
      for (let next = this.#times[0]; next !== undefined && next <= untilMs; next = this.#times[0]) {
        this.#run(next);
      }
    } finally {
      this.#armedMs = Number.POSITIVE_INFINITY;
      this.#armNext();
    }
  };

  /** Who is armed for this very time meanwhile, rings too. After an exception the others wait for the next turn. */
  #run(atMs: number): void {
    const batch = this.#batches.get(atMs);
    for (let alarm = batch?.first; alarm !== undefined; alarm = batch?.first) alarm.ring();
    // Where the timer beneath was early, somebody may have been armed for an earlier time meanwhile.
    if (this.#times[0] === atMs) popSmallest(this.#times);
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
