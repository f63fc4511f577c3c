import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import { afterWrite, IDLE, type WaitingPlan, type WritePace, waitMs } from '#lib/core/slice/write-pace.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** Paces the writes of each object: see `writeUrgency`. Forgets an object whose consumers have nothing left to do. */
export class WritePacer {
  readonly #clock: Clock;
  readonly #paces = new Map<string, WritePace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many milliseconds the plan has to wait; it is made anew then. 0: it may be written. */
  waitMs(key: string, plan: WaitingPlan): number {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#paces.get(key) ?? IDLE;
    const pace = { ...known, waitingSinceMs: known.waitingSinceMs ?? nowMs };
    this.#paces.set(key, pace);
    return waitMs(pace, plan, nowMs);
  }

  /** The plan was written. */
  noteWrite(key: string, { create, update, delete: deleted }: Plan<EndpointSlice>): void {
    const written = [...create, ...update.map(({ next }) => next), ...deleted];
    const endpoints = written.reduce((sum, slice) => sum + endpointsOf(slice).length, 0);
    this.#paces.set(key, afterWrite(this.#paces.get(key) ?? IDLE, endpoints, this.#clock.monotonicMs()));
  }

  /** There is nothing to write. */
  noteRest(key: string): void {
    const pace = this.#paces.get(key);
    if (pace === undefined) return;
    if (pace.busyUntilMs <= this.#clock.monotonicMs()) this.#paces.delete(key);
    else this.#paces.set(key, { busyUntilMs: pace.busyUntilMs });
  }
}
