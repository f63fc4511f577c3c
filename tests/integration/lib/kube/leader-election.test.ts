import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectKubeApi, type KubeConnection } from '#lib/kube/client-node.ts';
import { LeaderElection } from '#lib/kube/leader-election.ts';
import { LEASES } from '#lib/kube/resources.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { systemRandom } from '#lib/runtime/random.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { sharedControlPlane } from '../../../support/control-plane.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

let connection: KubeConnection;
let namespace: string;

beforeAll(async () => {
  const controlPlane = await sharedControlPlane();
  namespace = await controlPlane.createNamespace();
  connection = connectKubeApi({ kubeconfig: controlPlane.adminKubeconfig, component: 'test', version: '0' });
});

afterAll(() => connection.close());

/** Stands for election until stopped; tells whether it leads. */
function stand(name: string, identity: string) {
  const deps = { api: connection.api, clock: systemClock, random: systemRandom, logger: silentLogger };
  const election = new LeaderElection(deps, { lease: { namespace, name }, identity });
  const stop = new AbortController();
  let isWorking = false;
  const end = election.run(stop.signal, async (signal) => {
    isWorking = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    isWorking = false;
  });
  return { election, end, stop: () => stop.abort(), isWorking: () => isWorking };
}

type Stander = ReturnType<typeof stand>;
const untilLeads = (one: Stander) => waitFor('it to lead', async () => (one.isWorking() ? true : undefined));
const holderOf = async (name: string) =>
  (await connection.api.get(LEASES, { namespace, name })).spec?.holderIdentity;

test('one leads; when it stops, the next takes over without waiting for the Lease to run out', async () => {
  const first = stand('hand-over', 'first');
  await untilLeads(first);
  const second = stand('hand-over', 'second');
  expect(await holderOf('hand-over')).toBe('first');
  expect(second.election.isLeader()).toBe(false);
  first.stop();
  expect(await first.end).toBe('stopped');
  expect([first.isWorking(), first.election.isLeader()]).toEqual([false, false]);
  const releasedMs = performance.now();
  await untilLeads(second);
  expect(performance.now() - releasedMs).toBeLessThan(4_000);
  const { spec } = await connection.api.get(LEASES, { namespace, name: 'hand-over' });
  expect(spec).toMatchObject({ holderIdentity: 'second', leaseDurationSeconds: 15, leaseTransitions: 1 });
  second.stop();
  await second.end;
  expect(await holderOf('hand-over')).toBe('');
});

test('who finds the Lease in other hands stops working and says so', async () => {
  const loser = stand('taken', 'loser');
  await untilLeads(loser);
  await connection.api.mergePatch(
    LEASES,
    { namespace, name: 'taken' },
    { spec: { holderIdentity: 'thief' } },
  );
  expect(await loser.end).toBe('lost');
  expect(loser.isWorking()).toBe(false);
  expect(loser.election.isLeader()).toBe(false);
  expect(await holderOf('taken')).toBe('thief');
});

test('a Lease that somebody deleted is made again by its holder', async () => {
  const one = stand('deleted', 'one');
  await untilLeads(one);
  await connection.api.delete(LEASES, { namespace, name: 'deleted' });
  await waitFor('the Lease to be back', async () => holderOf('deleted'));
  expect(one.isWorking()).toBe(true);
  one.stop();
  expect(await one.end).toBe('stopped');
});

test('who stops while waiting leaves the Lease alone', async () => {
  const holder = stand('waiting', 'holder');
  await untilLeads(holder);
  const waiter = stand('waiting', 'waiter');
  waiter.stop();
  expect(await waiter.end).toBe('stopped');
  expect(await holderOf('waiting')).toBe('holder');
  holder.stop();
  await holder.end;
});

test('what the work throws comes out after the release', async () => {
  const deps = { api: connection.api, clock: systemClock, random: systemRandom, logger: silentLogger };
  const election = new LeaderElection(deps, { lease: { namespace, name: 'throws' }, identity: 'one' });
  const run = election.run(new AbortController().signal, () => Promise.reject(new Error('broken')));
  await expect(run).rejects.toThrow('broken');
  expect(await holderOf('throws')).toBe('');
});
