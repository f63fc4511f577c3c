import type { TrafficSample } from './traffic-sample.ts';

/** Where the requests of a stream landed. */
export interface TrafficTally {
  readonly requests: number;
  /** Answered requests by pod name or address. */
  readonly answeredBy: ReadonlyMap<string, number>;
  readonly failed: number;
  /** Writes that landed on a replica. */
  readonly wrong: number;
}

/** Counts samples. */
export function tallyOf(samples: readonly TrafficSample[]): TrafficTally {
  const answeredBy = new Map<string, number>();
  let failed = 0;
  let wrong = 0;
  for (const { result } of samples) {
    if (result.kind === 'answered') {
      answeredBy.set(result.by, (answeredBy.get(result.by) ?? 0) + 1);
    } else if (result.kind === 'failed') {
      failed += 1;
    } else {
      wrong += 1;
    }
  }
  return { requests: samples.length, answeredBy, failed, wrong };
}
