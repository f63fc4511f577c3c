import type { TrafficSample } from '../workload/traffic-sample.ts';
import { tallyOf } from '../workload/traffic-tally.ts';
import { check } from './check.ts';
import type { Teller } from './display.ts';
import { LEAVE_WITHIN_MS, PATIENCE_MS, RETURN_WITHIN_MS } from './machine-steps.ts';
import type { Stage } from './stage.ts';
import type { Expectation } from './summary.ts';
import { seconds } from './view.ts';

const ALL = ['postgres-0', 'postgres-1', 'postgres-2'] as const;

/** Where reads and writes land while all is well. */
export async function readsAndWrites(stage: Stage): Promise<readonly Expectation[]> {
  const sinceMs = Date.now();
  const reads = await check('reads reach all three databases', async () => {
    await Promise.all(ALL.map((pod) => landsOn(stage, { stream: 'postgres-read', pod, sinceMs })));
    const { answeredBy } = tallyOf(stage.traffic.samples('postgres-read', sinceMs));
    return { measured: `${[...answeredBy.values()].join(', ')} requests`, holds: true };
  });
  const writes = await check('writes reach the primary only', async () => {
    const primary = stage.databases.primary;
    await landsOn(stage, { stream: 'postgres-write', pod: primary, sinceMs });
    const { answeredBy, wrong } = tallyOf(stage.traffic.samples('postgres-write'));
    const holds = wrong === 0 && [...answeredBy.keys()].join() === stage.addressOf(primary);
    return { measured: `${[...answeredBy.values()].join(', ')} writes, ${wrong} at a replica`, holds };
  });
  return [reads, writes];
}

/** The primary goes down and a standby takes its place. */
export async function databaseOutage(stage: Stage, { say }: Teller): Promise<readonly Expectation[]> {
  const { databases, endpoints, traffic } = stage;
  const [old, next, third] = [databases.primary, 'postgres-1', 'postgres-2'];
  const stoppedMs = Date.now();
  await databases.stopPrimary('immediate');
  await databases.promote(next);
  const promotedMs = Date.now();
  say(`${old} was stopped and ${next} promoted`);
  const moved = await check('writes move to the new primary', async () => {
    const first = await landsOn(stage, { stream: 'postgres-write', pod: next, sinceMs: stoppedMs });
    const took = first.startedAtMs - promotedMs;
    say(`the first write has reached ${next} ${seconds(took)} after its promotion`);
    return { measured: `${seconds(took)} after the promotion`, holds: took <= RETURN_WITHIN_MS };
  });
  const left = await check('reads leave the stopped database', async () => {
    const took = (await endpoints.waitForReady('postgres-read', [next, third], PATIENCE_MS)) - stoppedMs;
    return { measured: `${seconds(took)} after the stop`, holds: took <= LEAVE_WITHIN_MS };
  });
  const never = await check('no write ever reaches a replica', async () => {
    const { requests, wrong } = tallyOf(traffic.samples('postgres-write'));
    return { measured: `${wrong} of ${requests} writes`, holds: wrong === 0 };
  });
  return [moved, left, never];
}

/** The member that was primary comes back as a standby: readable, not writable. */
export function databasesReturn({ databases, endpoints, traffic }: Stage): Promise<Expectation> {
  return check('the old primary returns for reads only', async () => {
    const sinceMs = Date.now();
    await databases.startAsStandby(ALL[0]);
    const took = (await endpoints.waitForReady('postgres-read', ALL, PATIENCE_MS)) - sinceMs;
    const { wrong } = tallyOf(traffic.samples('postgres-write'));
    const isOut = endpoints.ready('postgres-write').join() === databases.primary;
    return {
      measured: `${seconds(took)} after its start, ${wrong} wrong writes`,
      holds: wrong === 0 && isOut,
    };
  });
}

interface Landing {
  readonly stream: string;
  readonly pod: string;
  readonly sinceMs: number;
}

function landsOn({ traffic, addressOf }: Stage, { stream, pod, sinceMs }: Landing): Promise<TrafficSample> {
  const address = addressOf(pod);
  const holds = ({ result }: TrafficSample): boolean => result.kind === 'answered' && result.by === address;
  return traffic.waitForSample(stream, sinceMs, holds, PATIENCE_MS);
}
