import { afterAll, beforeAll, expect, test } from 'vitest';
import { TargetControl } from '../../../bench/rig/target-control.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { AgentFixture, NODE } from './agent-fixture.ts';

const SOON_MS = 20_000;
const HOUR_SECONDS = 3600;
const RUNS = 'swh_agent_probe_results_total';

let fixture: AgentFixture;

beforeAll(async () => {
  fixture = await AgentFixture.start();
  await fixture.startAgent();
});
afterAll(() => fixture?.stop());

/** A server that is a process of its own, and so can be killed and frozen. */
function startServer(port: number): Promise<TargetControl> {
  const node = fixture.cluster.network.node(NODE);
  return TargetControl.start(fixture.cluster.host, {
    node,
    name: `server-${port}`,
    port,
    controlPort: port + 1000,
  });
}

function fastHealthcheck(targetPort: number, given: object): object {
  const http = { targetPort, path: '/healthz' };
  const probe = { mode: 'HTTP', timeoutSeconds: 1, failureThreshold: 3, http };
  return { initialDelaySeconds: 0, fastPeriodMilliseconds: 50, ...given, probes: [probe] };
}

test('the end of a sentinel causes one probe and judges nothing by itself', async () => {
  const server = await startServer(8100);
  await fixture.createPod('watched-1', 'watched');
  await fixture.createPod('unwatched-1', 'unwatched');
  const timing = { periodSeconds: HOUR_SECONDS };
  await fixture.createSwh('watched', fastHealthcheck(8100, timing));
  await fixture.createSwh('unwatched', fastHealthcheck(8100, { ...timing, sentinel: false }));
  await fixture.log.waitForReady('watched', ['watched-1'], SOON_MS);
  await fixture.log.waitForReady('unwatched', ['unwatched-1'], SOON_MS);
  const [runs, sinceMs] = [await fixture.metric(RUNS), Date.now()];

  // A server that ends idle connections: one probe, which finds it well.
  await server.send('hang-up');
  await waitFor('the probe that the end has caused', async () =>
    (await fixture.metric(RUNS)) > runs ? true : undefined,
  );
  expect(await fixture.metric(RUNS)).toBe(runs + 1);
  expect(fixture.log.changes('watched', sinceMs)).toEqual([]);
});

test('a killed process leaves by its sentinel alone', async () => {
  const server = await startServer(8101);
  await fixture.createPod('killed-1', 'killed');
  await fixture.createPod('unseen-1', 'unseen');
  const timing = { periodSeconds: HOUR_SECONDS };
  await fixture.createSwh('killed', fastHealthcheck(8101, timing));
  await fixture.createSwh('unseen', fastHealthcheck(8101, { ...timing, sentinel: false }));
  await fixture.log.waitForReady('killed', ['killed-1'], SOON_MS);
  await fixture.log.waitForReady('unseen', ['unseen-1'], SOON_MS);
  server.process.kill('SIGKILL');
  await fixture.log.waitForReady('killed', [], SOON_MS);
  expect(fixture.log.ready('unseen')).toEqual(['unseen-1']);
});

test('a frozen process leaves and comes back', async () => {
  const server = await startServer(8102);
  await fixture.createPod('frozen-1', 'frozen');
  await fixture.createSwh('frozen', fastHealthcheck(8102, { periodSeconds: 1 }));
  await fixture.log.waitForReady('frozen', ['frozen-1'], SOON_MS);
  server.process.kill('SIGSTOP');
  await fixture.log.waitForReady('frozen', [], SOON_MS);
  expect(await fixture.results('frozen')).toContain('was not answered within 1 s');
  server.process.kill('SIGCONT');
  await fixture.log.waitForReady('frozen', ['frozen-1'], SOON_MS);
});
