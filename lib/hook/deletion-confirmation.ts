import { describeOperation, isDeletion } from '#lib/hook/apply-operation.ts';
import type { Operation } from '#lib/hook/hook.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/**
 * How long something must have been found superfluous before it is deleted. Different kinds arrive over different
 * watches: a new slice may be seen before its object or node is. What is out of date for a few seconds hurts
 * nobody; what is deleted by mistake takes endpoints away.
 */
export const CONFIRM_DELETION_MS = 3_000;

export interface DeletionConfirmation {
  /** The operations of a key that may be applied. `isStale`: the world that they were planned on may be old. */
  sift(key: string, planned: readonly Operation[], isStale: boolean): Sifted;
}

export interface Sifted {
  readonly ready: readonly Operation[];
  /** When to plan again because something is held back; undefined when nothing is. */
  readonly lookAgainMs: number | undefined;
}

/** Holds deletions back until they have been planned for a while, by a world that is up to date. */
export function createDeletionConfirmation(clock: Clock): DeletionConfirmation {
  /** Since when a deletion has been planned, by key and description. */
  const firstPlanned = new Map<string, ReadonlyMap<string, number>>();
  return {
    sift(key, planned, isStale) {
      const deletions = planned.filter(isDeletion).map(describeOperation);
      const nowMs = clock.monotonicMs();
      const before = isStale ? undefined : firstPlanned.get(key);
      const since = new Map(deletions.map((name) => [name, before?.get(name) ?? nowMs]));
      if (isStale || since.size === 0) firstPlanned.delete(key);
      else firstPlanned.set(key, since);
      const waitMs = deletions.map((name) => CONFIRM_DELETION_MS - (nowMs - (since.get(name) ?? nowMs)));
      const pending = waitMs.filter((ms) => ms > 0);
      const isReady = (operation: Operation) =>
        !isDeletion(operation) ||
        nowMs - (since.get(describeOperation(operation)) ?? nowMs) >= CONFIRM_DELETION_MS;
      return {
        ready: planned.filter(isReady),
        lookAgainMs: pending.length === 0 ? undefined : Math.min(...pending),
      };
    },
  };
}
