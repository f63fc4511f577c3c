/** How soon a watcher of EndpointSlices sees that a target is down: period 1 s, failureThreshold 1. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EndpointLog } from '../dev/workload/endpoint-log.ts';
import { type Distribution, distributionOf } from './measure/distribution.ts';
import type { Rig } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';
import type { TargetControl } from './rig/target-control.ts';

const PERIOD_MS = 1000;
const DEADLINE_MS = 10_000;

/** Makes the target fail and gives the instant from which noticing counts; `recover` undoes it. */
interface Fault {
  readonly inflict: (targets: TargetControl) => Promise<number | undefined>;
  /** The instant, once the slice has changed. */
  readonly since: (targets: TargetControl, inflictedMs: number | undefined) => Promise<number | undefined>;
  readonly recover: (targets: TargetControl) => Promise<unknown>;
}

const closePort: Fault = {
  inflict: (targets) => targets.send('close'),
  since: async (_targets, inflictedMs) => inflictedMs,
  recover: (targets) => targets.send('open'),
};

/** Counts from the answer that the probe failed on, so that only the way from there to the watcher is left. */
const answer503: Fault = {
  inflict: (targets) => targets.send('fail'),
  since: (targets) => targets.send('first-failure'),
  recover: (targets) => targets.send('heal'),
};

await runBenchmark({
  usage:
    'Usage: npm run bench:notice [-- --rounds N]\n\nMeasures the time from a fault to the slice update at a watcher.',
  length: { flag: 'rounds', value: 50, help: 'rounds of each fault' },
  async measure(rig, rounds) {
    await rig.addObject({
      name: 'target',
      pods: 1,
      healthcheck: {
        ...{ initialDelaySeconds: 0, periodSeconds: 1 },
        probes: [{ mode: 'HTTP', failureThreshold: 1, http: { targetPort: 8080, path: '/healthz' } }],
      },
    });
    const closed = await measureRounds(rig, rounds, closePort);
    const verdict = await measureRounds(rig, rounds, answer503);
    show('port closed → slice update', closed);
    show('503 answered → slice update', verdict);
    return [
      { name: 'port closed, worst round', measured: closed.max, unit: 'ms', atMost: 1100 },
      { name: 'verdict beyond the probe itself, worst round', measured: verdict.max, unit: 'ms', atMost: 50 },
    ];
  },
});

async function measureRounds(
  { targets, endpoints }: Rig,
  rounds: number,
  fault: Fault,
): Promise<Distribution> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // A random moment of the period: noticing depends on when the next probe is due.
    await delay(Math.random() * PERIOD_MS);
    const inflictedMs = await fault.inflict(targets);
    const seenMs = await endpoints.waitForReady('target', [], DEADLINE_MS);
    const sinceMs = await fault.since(targets, inflictedMs);
    if (sinceMs === undefined) throw new Error('the target does not know when it failed');
    took.push(seenMs - sinceMs);
    await fault.recover(targets);
    await waitForReturn(endpoints);
  }
  return distributionOf(took);
}

async function waitForReturn(endpoints: EndpointLog): Promise<void> {
  await endpoints.waitForReady('target', ['target-1'], DEADLINE_MS);
}

function show(name: string, { count, p50, p99, max }: Distribution): void {
  const figures = [p50, p99, max].map((value) => value.toFixed(0));
  console.log(
    `${name}: p50 ${figures[0]} ms, p99 ${figures[1]} ms, max ${figures[2]} ms over ${count} rounds`,
  );
}
