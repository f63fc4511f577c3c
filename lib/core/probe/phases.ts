import { goldenFraction } from '#lib/core/probe/golden-fraction.ts';

/**
 * Which phases the targets of one period have. A period is divided into bins of equal length. The first few targets
 * of a bin share the phase at its start, because most of what a lone probe costs is waking up for it; further ones
 * form further groups of the same size that are spread over the bin, because a larger one would hold up its own last
 * members. Each bin has its groups at the same places, so that any two bins in a row hold equally many targets.
 */
export interface Phases {
  /** Targets in each bin. */
  readonly counts: readonly number[];
  /** Targets that share a phase. */
  readonly groupSize: number;
}

/** A phase in [0, 1) and the bin that it was taken from. */
export interface TakenPhase {
  readonly bin: number;
  readonly phase: number;
}

/** Bins of a period of one second and less: 25 ms each, and less. */
const MOST_BINS = 40;
/** Bins of a period of ten seconds and more: a long period bears a coarser spread for fewer wake-ups. */
const FEWEST_BINS = 16;
const BINS_TIMES_PERIOD_MS = 160_000;
/** Targets that share a phase: in bins so short that it makes no difference to the load, and in longer ones. */
const GROUP_IN_SHORT_BIN = 25;
const GROUP_IN_LONG_BIN = 7;
const LONGEST_SHORT_BIN_MS = 25;

/** The phases of a period that no target has yet. */
export function emptyPhases(periodMs: number): Phases {
  const wanted = Math.round(BINS_TIMES_PERIOD_MS / periodMs);
  const bins = Math.min(MOST_BINS, Math.max(FEWEST_BINS, wanted));
  const groupSize = periodMs / bins <= LONGEST_SHORT_BIN_MS ? GROUP_IN_SHORT_BIN : GROUP_IN_LONG_BIN;
  return { counts: new Array<number>(bins).fill(0), groupSize };
}

/** Gives one more target a phase in the emptiest bin, so that the bins stay even whoever comes and goes. */
export function takePhase({ counts, groupSize }: Phases): {
  readonly phases: Phases;
  readonly taken: TakenPhase;
} {
  const smallest = Math.min(...counts);
  const bin = binsInOrder(counts.length).find((candidate) => counts[candidate] === smallest) ?? 0;
  const offset = goldenFraction(Math.floor(smallest / groupSize));
  const taken = { bin, phase: (bin + offset) / counts.length };
  return { phases: { counts: counts.with(bin, smallest + 1), groupSize }, taken };
}

/** Takes a phase back from a target that is gone. */
export function returnPhase({ counts, groupSize }: Phases, { bin }: TakenPhase): Phases {
  return { counts: counts.with(bin, Math.max(0, (counts[bin] ?? 0) - 1)), groupSize };
}

/** All bins, each far from those just before it, so that few targets are far apart. */
function binsInOrder(count: number): readonly number[] {
  return Array.from({ length: count }, (_, bin) => bin).toSorted(
    (a, b) => goldenFraction(a) - goldenFraction(b),
  );
}
