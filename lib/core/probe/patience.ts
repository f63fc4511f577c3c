/**
 * How long a target may take to answer before it is worth asking again: learned from its own answers, so that a
 * target that is slow by nature is not asked twice, and one that has never needed long is doubted soon.
 */

/** What is learned before the first answer. */
export const NO_ANSWER_YET = 0;

/** Of the distance to a quicker answer, how much of what was learned is forgotten: half in 44 answers. */
const FORGOTTEN = 1 / 64;
/** The least that one answer may teach, in milliseconds. */
const SMALLEST_LESSON_MS = 25;
/** Answers are taken for late from this multiple of the longest on. */
const LATE = 1.5;
/** Below this, lateness is ordinary scheduling: of the target as well as of this process. */
const SMALLEST_PATIENCE_MS = 50;

/**
 * The longest time to an answer, in milliseconds, after one more answer: a maximum that fades. One answer at most
 * doubles it, so that a single pause does not make the target trusted for long; a lasting change is learned from a
 * few.
 */
export function learnAnswerTime(longestMs: number, durationMs: number): number {
  if (durationMs <= longestMs) return longestMs - (longestMs - durationMs) * FORGOTTEN;
  return Math.min(durationMs, Math.max(2 * longestMs, SMALLEST_LESSON_MS));
}

/** After how many milliseconds without an answer a target is asked again; undefined: not before the deadline. */
export function patienceMs(
  longestMs: number,
  { fastPeriodMs, timeoutMs }: { readonly fastPeriodMs: number; readonly timeoutMs: number },
): number | undefined {
  if (longestMs === NO_ANSWER_YET) return undefined;
  const ms = Math.max(fastPeriodMs, SMALLEST_PATIENCE_MS, LATE * longestMs);
  return ms < timeoutMs ? ms : undefined;
}
