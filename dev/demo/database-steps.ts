import { waitFor } from '../process/wait-for.ts';
import type { TrafficSample } from '../workload/traffic-sample.ts';
import { tallyOf } from '../workload/traffic-tally.ts';
import { check } from './check.ts';
import { LEAVE_WITHIN_MS, PATIENCE_MS, RETURN_WITHIN_MS } from './machine-steps.ts';
import type { Stage } from './stage.ts';
import type { Expectation } from './summary.ts';
import { seconds } from './view.ts';

/** So many reads at each database are no accident. */
const ENOUGH_READS = 5;

const ALL = ['postgres-0', 'postgres-1', 'postgres-2'] as const;

/** Where reads and writes land while all is well. */
export async function readsAndWrites(stage: Stage): Promise<readonly Expectation[]> {
  const sinceMs = Date.now();
  const reads = await check(stage, 'reads reach all three databases', async () => {
    const shares = await waitFor(
      'reads at all three databases',
      async () => {
        const { answeredBy } = tallyOf(stage.traffic.samples('postgres-read', sinceMs));
        const counts = ALL.map((pod) => answeredBy.get(stage.addressOf(pod)) ?? 0);
        return counts.every((count) => count >= ENOUGH_READS) ? counts : undefined;
      },
      { deadlineMs: PATIENCE_MS },
    );
    return { measured: `${shares.join(', ')} requests`, holds: true };
  });
  const writes = await check(stage, 'writes reach the primary only', async () => {
    const primary = stage.databases.primary;
    await landsOn(stage, { stream: 'postgres-write', pod: primary, sinceMs });
    const { answeredBy, wrong } = tallyOf(stage.traffic.samples('postgres-write'));
    const holds = wrong === 0 && [...answeredBy.keys()].join() === stage.addressOf(primary);
    return { measured: `${[...answeredBy.values()].join(', ')} writes, ${wrong} at a replica`, holds };
  });
  return [reads, writes];
}

/** The primary goes down and a standby takes its place. */
export async function databaseOutage(stage: Stage): Promise<readonly Expectation[]> {
  const { databases, endpoints } = stage;
  const [old, next, third] = [databases.primary, 'postgres-1', 'postgres-2'];
  const stoppedMs = Date.now();
  await databases.stopPrimary('immediate');
  await databases.promote(next);
  const promotedMs = Date.now();
  stage.say(`${old} was stopped and ${next} promoted`);
  const moved = await check(stage, 'writes move to the new primary', async () => {
    const first = await landsOn(stage, { stream: 'postgres-write', pod: next, sinceMs: stoppedMs });
    const took = first.startedAtMs - promotedMs;
    return { measured: `${seconds(took)} after the promotion`, holds: took <= RETURN_WITHIN_MS };
  });
  const left = await check(stage, 'reads leave the stopped database', async () => {
    const took = (await endpoints.waitForReady('postgres-read', [next, third], PATIENCE_MS)) - stoppedMs;
    return { measured: `${seconds(took)} after the stop`, holds: took <= LEAVE_WITHIN_MS };
  });
  return [moved, left];
}

/** The count over the whole run; for its end. */
export function noWrongWrite(stage: Stage): Promise<Expectation> {
  return check(stage, 'no write ever reaches a replica', async () => {
    const { requests, wrong } = tallyOf(stage.traffic.samples('postgres-write'));
    return { measured: `${wrong} of ${requests} writes`, holds: wrong === 0 };
  });
}

/** The member that was primary comes back as a standby: readable, not writable. */
export function databasesReturn(stage: Stage): Promise<Expectation> {
  const { databases, endpoints, traffic } = stage;
  return check(stage, 'the old primary returns for reads only', async () => {
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
