import { goldenFraction } from '#lib/core/probe/golden-fraction.ts';

/**
 * Which phases the targets of one period have. A period is divided into bins of equal length. The first targets of a
 * bin share the phase at its start, because most of what a lone probe costs is waking up for it; further ones form
 * further groups of the same size that are spread over the bin, because a larger one would hold up its own last
 * members. Each bin has its groups at the same places, so that no part of a period as long as a bin holds more targets
 * than a bin.
 */
export interface Phases {
  /** Targets in each bin. */
  readonly counts: readonly number[];
  /** Targets that share a phase. */
  readonly groupSize: number;
}

/**
 * Length of the bins of short periods. It is longer than the 50 ms in which at most 1.2 × the mean may start: as much as
 * comes late of one group, so much of the next comes late too. Up to 2.6 ms the 50 ms never hold two.
 */
const SHORT_BIN_MS = 1000 / 19;
/** Bins of a period of ten seconds and more: a long period bears a coarser spread for fewer wake-ups. */
const FEWEST_BINS = 16;
const BINS_TIMES_PERIOD_MS = 160_000;
/**
 * Targets that share a phase. In short bins as many as make their cost small beside that of waking up, and as start
 * within 5 ms; in longer ones few, so that they make no burst.
 */
const GROUP_IN_SHORT_BIN = 55;
const GROUP_IN_LONG_BIN = 7;

/** The phases of a period that no target has yet. */
export function emptyPhases(periodMs: number): Phases {
  const shortBins = Math.max(1, Math.round(periodMs / SHORT_BIN_MS));
  const longBins = Math.max(FEWEST_BINS, Math.round(BINS_TIMES_PERIOD_MS / periodMs));
  const groupSize = shortBins <= longBins ? GROUP_IN_SHORT_BIN : GROUP_IN_LONG_BIN;
  return { counts: new Array<number>(Math.min(shortBins, longBins)).fill(0), groupSize };
}

/** Gives one more target a phase, in [0, 1), in the emptiest bin, so that the bins stay even whoever comes and goes. */
export function takePhase({ counts, groupSize }: Phases): {
  readonly phases: Phases;
  readonly phase: number;
} {
  const smallest = Math.min(...counts);
  const bin = binsInOrder(counts.length).find((candidate) => counts[candidate] === smallest) ?? 0;
  const offset = goldenFraction(Math.floor(smallest / groupSize));
  const phase = (bin + offset) / counts.length;
  return { phases: { counts: counts.with(bin, smallest + 1), groupSize }, phase };
}

/** Takes back a phase that was taken here from a target that is gone. */
export function returnPhase({ counts, groupSize }: Phases, phase: number): Phases {
  // What was divided and is multiplied again may be a little less.
  const bin = Math.floor(phase * counts.length + ROUNDING);
  return { counts: counts.with(bin, Math.max(0, (counts[bin] ?? 0) - 1)), groupSize };
}

const ROUNDING = 1e-9;

/** All bins, each far from those just before it, so that few targets are far apart. */
function binsInOrder(count: number): readonly number[] {
  return Array.from({ length: count }, (_, bin) => bin).toSorted(
    (a, b) => goldenFraction(a) - goldenFraction(b),
  );
}
