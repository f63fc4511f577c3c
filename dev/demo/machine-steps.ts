import { waitFor } from '../process/wait-for.ts';
import type { Traffic } from '../workload/traffic.ts';
import { tallyOf } from '../workload/traffic-tally.ts';
import { check } from './check.ts';
import { SIDE_CONTAINER, type Stage, VM_POD } from './stage.ts';
import type { Expectation } from './summary.ts';
import { seconds } from './view.ts';

/**
 * Three failures at a period of 10 s, a probe's timeout of 1 s, a second for everything behind it, and half a period
 * more: the second probe of a new target waits for its place among the others.
 */
export const LEAVE_WITHIN_MS = 36_000;
/** One success at a period of 10 s, and a second for everything behind it. */
export const RETURN_WITHIN_MS = 11_000;
/** What follows the pod's readiness need not wait for a probe. */
const READINESS_WITHIN_MS = 2_000;
/** Longest wait for anything, so that the demo ends even when something is broken. */
export const PATIENCE_MS = 45_000;
/** So many answers in a row say that a load balancer goes on. */
const ENOUGH_ANSWERS = 25;

/** The endpoints of all load balancers after the start. */
export function endpointsAppear(stage: Stage): Promise<Expectation> {
  const { endpoints, startedMs, databases } = stage;
  return check(stage, 'every load balancer finds its endpoints', async () => {
    const times = await Promise.all([
      endpoints.waitForReady('postgres-read', ['postgres-0', 'postgres-1', 'postgres-2'], PATIENCE_MS),
      endpoints.waitForReady('postgres-write', [databases.primary], PATIENCE_MS),
      endpoints.waitForReady('web', [VM_POD], PATIENCE_MS),
      endpoints.waitForReady('smtp', [VM_POD], PATIENCE_MS),
      endpoints.waitForReady('my-vm', [VM_POD], PATIENCE_MS),
    ]);
    const took = Math.max(...times) - startedMs;
    return { measured: `${seconds(took)} after the start of the pods`, holds: true };
  });
}

/** The web server dies; the mail server in the same machine has no part in it. */
export async function webKilled(stage: Stage): Promise<readonly Expectation[]> {
  const sinceMs = Date.now();
  await stage.web.kill();
  stage.say('the web server was killed');
  const left = await check(stage, 'web loses the endpoint of the killed server', async () => {
    const took = (await stage.endpoints.waitForReady('web', [], PATIENCE_MS)) - sinceMs;
    return { measured: `${seconds(took)} after the kill`, holds: took <= LEAVE_WITHIN_MS };
  });
  return [left, await goesOn('smtp keeps its endpoint in the same VM', stage, { name: 'smtp', sinceMs })];
}

/** The web server is there again. */
export function webReturns(stage: Stage): Promise<Expectation> {
  return check(stage, 'web gets its endpoint back', async () => {
    const sinceMs = Date.now();
    await stage.web.start();
    const took = (await stage.endpoints.waitForReady('web', [VM_POD], PATIENCE_MS)) - sinceMs;
    await answers(stage.traffic, 'web', sinceMs + took);
    return { measured: `${seconds(took)} after the start`, holds: took <= RETURN_WITHIN_MS };
  });
}

/** A container without ports becomes unready, and with it the pod. */
export async function sideContainerUnready(stage: Stage): Promise<readonly Expectation[]> {
  const sinceMs = Date.now();
  await stage.setContainerReady(VM_POD, SIDE_CONTAINER, false);
  const plain = await check(stage, 'the plain Service loses the pod', async () => {
    const took = (await stage.endpoints.waitForReady('my-vm', [], PATIENCE_MS)) - sinceMs;
    return { measured: `${seconds(took)} after the container`, holds: took <= READINESS_WITHIN_MS };
  });
  const others = ['web', 'smtp'].map((name) =>
    goesOn(`${name} keeps the pod whose own container is ready`, stage, { name, sinceMs }),
  );
  return [plain, ...(await Promise.all(others))];
}

/** Whether a load balancer has had no change and no failed request since then, over enough requests. */
function goesOn(
  what: string,
  stage: Stage,
  { name, sinceMs }: { readonly name: string; readonly sinceMs: number },
): Promise<Expectation> {
  const { endpoints, traffic } = stage;
  return check(stage, what, async () => {
    await answers(traffic, name, Date.now());
    const changes = endpoints.changes(name, sinceMs).length;
    const { requests, failed } = tallyOf(traffic.samples(name, sinceMs));
    const measured = `${failed} of ${requests} requests failed, ${changes} changes of endpoints`;
    return { measured, holds: failed === 0 && changes === 0 };
  });
}

/** Waits until enough requests that began after `sinceMs` were answered. */
async function answers(traffic: Traffic, stream: string, sinceMs: number): Promise<void> {
  await waitFor(
    `${ENOUGH_ANSWERS} answers of ${stream}`,
    async () => {
      const { requests, failed } = tallyOf(traffic.samples(stream, sinceMs));
      return requests - failed >= ENOUGH_ANSWERS ? true : undefined;
    },
    { deadlineMs: PATIENCE_MS },
  );
}
