import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { PodServer } from '../../../../dev/workload/pod-server.ts';
import { Traffic } from '../../../../dev/workload/traffic.ts';
import type { TrafficKind } from '../../../../dev/workload/traffic-sample.ts';
import { tallyOf } from '../../../../dev/workload/traffic-tally.ts';

const host = ProcessHost.open();
const ADDRESS = '127.0.82.1';
const web = new PodServer(host, 'http-server', { name: 'my-vm', address: ADDRESS, port: 8080 });
const smtp = new PodServer(host, 'smtp-server', { name: 'my-vm', address: ADDRESS, port: 2525 });

beforeAll(() => Promise.all([web.start(), smtp.start()]), 30_000);
afterAll(() => host.close(), 30_000);

let runs = 0;

async function tally(kind: TrafficKind, port: number) {
  runs += 1;
  const stream = { name: kind, kind, address: ADDRESS, port, ratePerSecond: 100, count: 5, timeoutMs: 1_000 };
  const traffic = await Traffic.start(host, { name: `clients-${runs}`, streams: [stream] });
  await traffic.ended();
  return tallyOf(traffic.samples(kind));
}

test('every request is counted by the name of the pod that answered', async () => {
  const all = { requests: 5, answeredBy: new Map([['my-vm', 5]]), failed: 0, wrong: 0 };
  expect(await tally('http', 8080)).toEqual(all);
  expect(await tally('smtp', 2525)).toEqual(all);
});

test('the health answer follows its switch and the count does not see it', async () => {
  const status = async () => (await fetch(`http://${ADDRESS}:8080/healthz`)).status;
  const before = await status();
  web.setHealthy(false);
  const between = await status();
  web.setHealthy(true);
  expect([before, between, await status()]).toEqual([200, 503, 200]);
  expect(await (await fetch(`http://${ADDRESS}:8080/count`)).text()).toBe('5\n');
});

test('requests to a killed server fail, the one beside it goes on, and it comes back', async () => {
  await web.kill();
  expect((await tally('http', 8080)).failed).toBe(5);
  expect((await tally('smtp', 2525)).failed).toBe(0);
  await web.start();
  expect((await tally('http', 8080)).failed).toBe(0);
});

test('a frozen server makes requests run into their deadline', async () => {
  smtp.freeze();
  expect((await tally('smtp', 2525)).failed).toBe(5);
  smtp.thaw();
  expect((await tally('smtp', 2525)).failed).toBe(0);
});
