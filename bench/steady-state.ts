/** What an agent costs while nothing changes: 110 pods, one TCP or HTTP probe each every 10 s. */
import { setTimeout as delay } from 'node:timers/promises';
import { corePercent, usageOf } from './measure/process-usage.ts';
import { productWrites } from './rig/api-writes.ts';
import { BENCH_NODE } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';

/** Long enough for the just-in-time compiler and for the first collections of garbage. */
const SETTLE_MS = 30_000;

await runBenchmark({
  usage:
    'Usage: npm run bench:steady-state [-- --minutes N]\n\nMeasures CPU, memory and API writes of an idle agent.',
  length: { flag: 'minutes', value: 5, help: 'how long to measure' },
  async measure({ cluster, product, addObject }, minutes) {
    const timing = { initialDelaySeconds: 0, periodSeconds: 10 };
    const tcp = { mode: 'TCP', tcp: { targetPort: 8080 } };
    const http = { mode: 'HTTP', http: { targetPort: 8080, path: '/healthz' } };
    await addObject({ name: 'tcp', pods: 55, healthcheck: { ...timing, probes: [tcp] } });
    await addObject({ name: 'http', pods: 55, healthcheck: { ...timing, probes: [http] } });
    await delay(SETTLE_MS);
    const { pid } = product.agent(BENCH_NODE).process;
    const fromMs = Date.now();
    const from = await usageOf(pid);
    await delay(minutes * 60_000);
    const to = await usageOf(pid);
    const writes = await productWrites(cluster.controlPlane.auditLog, fromMs, Date.now());
    for (const write of writes) console.log(`write: ${write}`);
    const controller = await usageOf(product.controller.process.pid);
    console.log(`agent: VmRSS ${mb(to.residentKb)} MB; controller: RssAnon ${mb(controller.anonymousKb)} MB`);
    return [
      { name: 'agent CPU', measured: corePercent(from, to), unit: '% of a core', atMost: 0.5 },
      { name: 'agent RssAnon', measured: to.anonymousKb / 1024, unit: 'MB', atMost: 55 },
      { name: `API writes in ${minutes} min`, measured: writes.length, unit: 'writes', atMost: 0 },
    ];
  },
});

function mb(kilobytes: number): string {
  return (kilobytes / 1024).toFixed(1);
}
