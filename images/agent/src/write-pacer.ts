import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import {
  afterWrite,
  hasLingered,
  IDLE,
  type WaitingPlan,
  type WritePace,
  waitMs,
} from '#lib/core/slice/write-pace.ts';
import { missedPart } from '#lib/core/slice/write-urgency.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** What is to be done with a plan at present. */
export type Paced =
  /** Nothing for so long; then it is made anew. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Write this much of it; what is left comes again. */
  | { readonly kind: 'write'; readonly plan: Plan<EndpointSlice> };

/** Paces the writes of each object: see `writeUrgency`. Forgets an object whose consumers have nothing left to do. */
export class WritePacer {
  readonly #clock: Clock;
  readonly #paces = new Map<string, WritePace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much of a plan that is not empty may be written. */
  pace(key: string, plan: Plan<EndpointSlice>, waiting: WaitingPlan): Paced {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#paces.get(key) ?? IDLE;
    const pace = { ...known, waitingSinceMs: known.waitingSinceMs ?? nowMs };
    this.#paces.set(key, pace);
    const ms = waitMs(pace, waiting, nowMs);
    if (ms > 0) return { kind: 'wait', ms };
    const isAll = waiting.urgency === 'later' || hasLingered(pace, waiting.endpoints, nowMs);
    return { kind: 'write', plan: isAll || waiting.isIndivisible === true ? plan : missedPart(plan) };
  }

  /** So much of the plan was written. */
  noteWrite(key: string, plan: Plan<EndpointSlice>, part: Plan<EndpointSlice>): void {
    const written = [...part.create, ...part.update.map(({ next }) => next), ...part.delete];
    const endpoints = written.reduce((sum, slice) => sum + endpointsOf(slice).length, 0);
    const isAll = sizeOf(part) === sizeOf(plan);
    const pace = this.#paces.get(key) ?? IDLE;
    this.#paces.set(key, afterWrite(pace, { endpoints, isAll }, this.#clock.monotonicMs()));
  }

  /** There is nothing to write. */
  noteRest(key: string): void {
    const pace = this.#paces.get(key);
    if (pace === undefined) return;
    if (pace.busyUntilMs <= this.#clock.monotonicMs()) this.#paces.delete(key);
    else this.#paces.set(key, { busyUntilMs: pace.busyUntilMs });
  }
}

function sizeOf({ create, update, delete: deleted }: Plan<EndpointSlice>): number {
  return create.length + update.length + deleted.length;
}
