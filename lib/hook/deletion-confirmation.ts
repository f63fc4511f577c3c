import { describeOperation, isDeletion } from '#lib/hook/apply-operation.ts';
import type { Deletion, Operation } from '#lib/hook/hook.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/**
 * How long something must have been found superfluous before it is deleted, if its hook does not say. Different kinds arrive over different
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
      const nowMs = clock.monotonicMs();
      const before = isStale ? undefined : firstPlanned.get(key);
      const deletions = planned.filter(isDeletion).map((operation) => {
        const name = describeOperation(operation);
        return { operation, name, sinceMs: before?.get(name) ?? nowMs };
      });
      if (isStale || deletions.length === 0) firstPlanned.delete(key);
      else firstPlanned.set(key, new Map(deletions.map(({ name, sinceMs }) => [name, sinceMs])));
      const held = deletions
        .map(({ operation, sinceMs }) => ({ operation, leftMs: confirmMs(operation) - (nowMs - sinceMs) }))
        .filter(({ leftMs }) => leftMs > 0);
      const isHeld = new Set<Operation>(held.map(({ operation }) => operation));
      return {
        ready: planned.filter((operation) => !isHeld.has(operation)),
        lookAgainMs: held.length === 0 ? undefined : Math.min(...held.map(({ leftMs }) => leftMs)),
      };
    },
  };
}

function confirmMs(deletion: Deletion): number {
  return deletion.confirmMs ?? CONFIRM_DELETION_MS;
}
