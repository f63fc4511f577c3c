import { type Distribution, distributionOf } from './distribution.ts';

/** When runs of each target were seen to begin, milliseconds of a monotonic clock. */
export type SeenStarts = ReadonlyMap<string, readonly number[]>;

/**
 * How long after its slot each run was seen, by the arrivals alone: a target's slots lie a period apart, and the
 * earliest run that `reference` shows of it, modulo the period, stands for the slot. Milliseconds.
 */
export function startDrift(seen: SeenStarts, reference: SeenStarts, periodMs: number): Distribution {
  const drifts = [...seen].flatMap(([target, times]) => {
    const slot = slotOf(reference.get(target) ?? times, periodMs);
    return times.map((time) => distanceAfter(time, slot, periodMs));
  });
  return distributionOf(drifts);
}

/** Buckets of the period, and how many more targets the fullest has than the mean, as a factor. */
export interface Spread {
  readonly busiest: number;
  readonly mean: number;
  readonly factor: number;
}

/**
 * How evenly the slots of the targets are spread over the period, by buckets of `bucketMs`. Where the first bucket
 * begins is arbitrary, so the worst of all beginnings counts, a millisecond apart.
 */
export function startSpread(seen: SeenStarts, periodMs: number, bucketMs: number): Spread {
  const slots = [...seen.values()].map((times) => slotOf(times, periodMs));
  const offsets = Array.from({ length: bucketMs }, (_, offset) => offset);
  const busiest = Math.max(...offsets.map((offset) => fullestBucket(slots, { periodMs, bucketMs, offset })));
  const mean = (slots.length * bucketMs) / periodMs;
  return { busiest, mean, factor: busiest / mean };
}

function fullestBucket(
  slots: readonly number[],
  { periodMs, bucketMs, offset }: { periodMs: number; bucketMs: number; offset: number },
): number {
  const counts = new Array<number>(Math.ceil(periodMs / bucketMs)).fill(0);
  for (const slot of slots) {
    const bucket = Math.floor(((slot + offset) % periodMs) / bucketMs);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return Math.max(...counts);
}

/** The earliest time modulo the period, on a circle: none of the others lies just before it. */
function slotOf(times: readonly number[], periodMs: number): number {
  const [first] = times;
  if (first === undefined) throw new Error('a target was never probed');
  const offsets = times.map((time) => signedDistance(time, first, periodMs));
  return (first + Math.min(...offsets) + periodMs) % periodMs;
}

/** From -period/2 up to period/2. */
function signedDistance(time: number, from: number, periodMs: number): number {
  return distanceAfter(time + periodMs / 2, from, periodMs) - periodMs / 2;
}

function distanceAfter(time: number, slot: number, periodMs: number): number {
  const distance = (((time - slot) % periodMs) + periodMs) % periodMs;
  return periodMs - distance < ROUNDING_MS ? 0 : distance;
}

/** Floating point may put the earliest run this much before itself, which would read as a whole period late. */
const ROUNDING_MS = 1e-6;
