import type { Random } from './random.ts';

export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before the attempt after `failures` failures in a row: doubles from `minMs` to `maxMs`, and is
 * spread over the upper half of that, so that those who failed together do not come back together.
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffRange, random: Random): number {
  // Beyond 2^30 the doubling is above any sensible limit.
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return fullMs * (0.5 + random() / 2);
}
