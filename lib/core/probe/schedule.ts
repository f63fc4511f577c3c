import { goldenFraction } from '#lib/core/probe/golden-fraction.ts';

/**
 * When a probe runs. Each (probe, target) has a phase: its slots lie at `phase × period` after every multiple of
 * the period on the monotonic clock. Slots do not depend on how long runs take, so load that has been spread once
 * stays spread. Phases come from `lib/core/probe/phases.ts`. All times in milliseconds of the monotonic clock.
 */

/** How often a target is probed. */
export interface Pace {
  readonly periodMs: number;
  /** Period while the target is in transition. */
  readonly fastPeriodMs?: number;
}

/** What is known about a target when its probe starts. */
export type FirstRun =
  /** Nothing: probed soon. */
  | 'unknown'
  /** The verdict of an earlier definition: probed at once. */
  | 'inherited'
  /** The verdict of this definition, before a restart of the agent: any time in the period does. */
  | 'restored';

export interface FirstRunRequest {
  readonly kind: FirstRun;
  readonly nowMs: number;
  /** In [0, 1): where the slots of the target lie. */
  readonly phase: number;
  /** Position in the sequence of all targets: spreads the first runs of a crowd. */
  readonly sequence: number;
  /** How many targets have started within the last second, this one included. */
  readonly crowd: number;
  /** No run before this long from the present; 0: none to wait for. */
  readonly delayMs: number;
}

export interface Schedule {
  /** In [0, 1). */
  readonly phase: number;
  readonly dueMs: number;
}

const LONGEST_SPREAD_MS = 1000;
/** Room for each of the targets that start together; a lone target is probed within this time. */
const ROOM_MS = 20;
const LONGEST_INHERITED_SPREAD_MS = 100;

/** First due time of a target, and its phase. */
export function firstSchedule(request: FirstRunRequest, { periodMs }: Pace): Schedule {
  const { kind, phase, sequence, crowd } = request;
  const notBeforeMs = request.nowMs + request.delayMs;
  const spreadMs = Math.min(periodMs, crowd * ROOM_MS, longestSpreadMs(kind));
  const isSpreadOverPeriod = kind === 'restored' || spreadMs === periodMs;
  if (isSpreadOverPeriod) return { phase, dueMs: slotFrom(notBeforeMs, phase, periodMs) };
  return { phase, dueMs: notBeforeMs + goldenFraction(sequence) * spreadMs };
}

/**
 * The due time after a run that was due at `schedule.dueMs`. From one slot to the next that is neither past nor
 * closer than a period; missed slots are skipped, but with a fast period one that is missed by less than that is
 * served late: a target that does not answer at all may take the whole period. After a run between slots (the first one, or one in transition)
 * the next slot at least half a period away. In transition: a multiple of the fast period after the due time.
 */
export function nextDueMs(
  schedule: Schedule,
  pace: Pace,
  at: { nowMs: number; inTransition: boolean },
): number {
  const { phase, dueMs } = schedule;
  const { periodMs, fastPeriodMs } = pace;
  if (at.inTransition && fastPeriodMs !== undefined && fastPeriodMs < periodMs) {
    const periods = Math.max(1, Math.ceil((at.nowMs - dueMs) / fastPeriodMs));
    return dueMs + periods * fastPeriodMs;
  }
  const distanceMs = isOnSlot(schedule, periodMs) ? periodMs : periodMs * SMALLEST_DISTANCE;
  return slotFrom(Math.max(dueMs + distanceMs, at.nowMs - (fastPeriodMs ?? 0)), phase, periodMs);
}

/** Milliseconds until the initial delay of a container is over, by the wall clock; 0: it is, or nothing is known. */
export function remainingDelayMs(
  initialDelayMs: number,
  startedAtMs: number | undefined,
  nowMs: number,
): number {
  if (startedAtMs === undefined) return 0;
  // A start in the future is a clock that differs between machines or was set back: it must not prolong the delay.
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  return Math.max(0, initialDelayMs - elapsedMs);
}

function longestSpreadMs(kind: FirstRun): number {
  return kind === 'inherited' ? LONGEST_INHERITED_SPREAD_MS : LONGEST_SPREAD_MS;
}

function isOnSlot({ phase, dueMs }: Schedule, periodMs: number): boolean {
  const periods = dueMs / periodMs - phase;
  return Math.abs(periods - Math.round(periods)) < ROUNDING;
}

function slotFrom(fromMs: number, phase: number, periodMs: number): number {
  const slots = Math.ceil(fromMs / periodMs - phase - ROUNDING);
  return (slots + phase) * periodMs;
}

/** Part of a period that must lie between a run off the slots and the next one. */
const SMALLEST_DISTANCE = 0.5;

/** Part of a period that floating point may be off by; without it the slot just served could seem a later one. */
const ROUNDING = 1e-6;
