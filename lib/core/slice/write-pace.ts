import type { WriteUrgency } from '#lib/core/slice/write-urgency.ts';

/** What has been written about one object lately. Times in milliseconds of a monotonic clock. */
export interface WritePace {
  /** When the consumers are done with what was written. */
  readonly busyUntilMs: number;
  /** Since when a plan has been waiting. */
  readonly waitingSinceMs?: number;
}

/** Nothing was written. */
export const IDLE: WritePace = { busyUntilMs: Number.NEGATIVE_INFINITY };

/**
 * Every consumer is sent a whole slice for each write. So a write keeps them busy for as long as it is big: at 80 ms an
 * endpoint, which has about 300 bytes, one object costs each consumer at most 4 kB a second and node, and one with few
 * pods on a node hardly ever waits. Measured against what the EndpointSlice controller sends, and how late it is, while
 * 1000 pods on ten nodes are replaced (docs/PERFORMANCE.md).
 */
const BUSY_MS_PER_ENDPOINT = 80;

/** Writes may run ahead of their consumers by so much: a few in a row do not wait. */
const AHEAD_MS = 1_000;

/** However much has gone out at once, what is due soon waits two seconds at most. */
const MOST_BUSY_MS = AHEAD_MS + 2_000;

/**
 * How long a plan that nobody misses waits, so that it is written with what follows: a pod that has an address becomes
 * ready, one that terminates is gone. The more endpoints the object has on the node, the sooner another of them changes.
 * The shortest wait is what consumers need to hear of a change of the Service before its slices follow.
 */
const LINGER_MS_PER_ENDPOINT = 50;
const SHORTEST_LINGER_MS = 500;
const LONGEST_LINGER_MS = 5_000;

/** A plan that waits. */
export interface WaitingPlan {
  readonly urgency: WriteUrgency;
  /** Endpoints that the object has on the node. */
  readonly endpoints: number;
  /** Whether it is written as a whole or not at all. Default false. */
  readonly isIndivisible?: boolean;
}

/** How long the writes of a plan should still wait; 0: not at all. */
export function waitMs(
  { busyUntilMs, waitingSinceMs }: WritePace,
  { urgency, endpoints }: WaitingPlan,
  nowMs: number,
): number {
  if (urgency === 'atOnce') return 0;
  const dueMs =
    urgency === 'soon'
      ? busyUntilMs - AHEAD_MS
      : Math.max(busyUntilMs, (waitingSinceMs ?? nowMs) + lingerMs(endpoints));
  return Math.max(0, dueMs - nowMs);
}

/** Whether what nobody misses has waited for its time, and goes with whatever is written. */
export function hasLingered({ waitingSinceMs }: WritePace, endpoints: number, nowMs: number): boolean {
  return waitingSinceMs !== undefined && nowMs >= waitingSinceMs + lingerMs(endpoints);
}

/** The pace after slices with so many endpoints in all were written, and with them all that was waiting or a part of it. */
export function afterWrite(
  { busyUntilMs, waitingSinceMs }: WritePace,
  { endpoints, isAll }: { readonly endpoints: number; readonly isAll: boolean },
  nowMs: number,
): WritePace {
  const workMs = endpoints * BUSY_MS_PER_ENDPOINT;
  const next = { busyUntilMs: Math.min(Math.max(busyUntilMs, nowMs) + workMs, nowMs + MOST_BUSY_MS) };
  return isAll || waitingSinceMs === undefined ? next : { ...next, waitingSinceMs };
}

function lingerMs(endpoints: number): number {
  return Math.min(Math.max(endpoints * LINGER_MS_PER_ENDPOINT, SHORTEST_LINGER_MS), LONGEST_LINGER_MS);
}
