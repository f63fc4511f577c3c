import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { PostgresqlCluster } from '../../../../dev/workload/postgresql-cluster.ts';
import { Traffic } from '../../../../dev/workload/traffic.ts';

const host = ProcessHost.open();
const cluster = new PostgresqlCluster(host);

beforeAll(async () => {
  await cluster.join({ name: 'db-0', address: '127.0.81.1' });
  await cluster.join({ name: 'db-1', address: '127.0.81.2' });
  await cluster.join({ name: 'db-2', address: '127.0.81.3' });
}, 30_000);
afterAll(() => host.close(), 30_000);

async function roles(): Promise<readonly string[]> {
  return Promise.all(['db-0', 'db-1', 'db-2'].map((name) => cluster.roleOf(name)));
}

/** Writes once through the network and tells what became of it. */
async function writeAt(address: string): Promise<string> {
  const stream = {
    name: 'write',
    kind: 'postgresql-write',
    address,
    port: 5432,
    ratePerSecond: 50,
    count: 1,
    timeoutMs: 2_000,
  } as const;
  const traffic = await Traffic.start(host, {
    name: `write-${address}-${performance.now()}`,
    streams: [stream],
  });
  await traffic.ended();
  return traffic.samples('write')[0]?.result.kind ?? 'no sample';
}

test('writes land on the primary, reach every standby, and a standby refuses them', async () => {
  expect(await roles()).toEqual(['primary', 'standby', 'standby']);
  expect([await writeAt('127.0.81.1'), await writeAt('127.0.81.2')]).toEqual(['answered', 'wrong']);
  const replicated = waitFor('the row at db-2', async () =>
    (await cluster.rowsAt('db-2')) === 1 ? 'yes' : undefined,
  );
  expect(await replicated).toBe('yes');
});

test('a frozen server does not answer until it is thawed', async () => {
  cluster.freeze('db-2');
  expect(await cluster.roleOf('db-2')).toBe('down');
  cluster.thaw('db-2');
  expect(await cluster.roleOf('db-2')).toBe('standby');
});

test('promotion is refused while the primary runs', async () => {
  await expect(cluster.promote('db-1')).rejects.toThrow('db-0 still runs');
});

test('after a failover the other standby follows the new primary and the old primary rejoins', async () => {
  await cluster.stopPrimary('kill');
  expect(await roles()).toEqual(['down', 'standby', 'standby']);
  expect(await writeAt('127.0.81.1')).toBe('failed');
  await cluster.promote('db-1');
  await cluster.startAsStandby('db-0');
  expect(await roles()).toEqual(['standby', 'primary', 'standby']);
  expect(await writeAt('127.0.81.2')).toBe('answered');
  for (const name of ['db-0', 'db-2']) {
    const rows = waitFor(`both rows at ${name}`, async () =>
      (await cluster.rowsAt(name)) === 2 ? 'yes' : undefined,
    );
    expect(await rows).toBe('yes');
  }
}, 30_000);
