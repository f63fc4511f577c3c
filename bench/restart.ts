/** What a watcher of EndpointSlices sees when an agent is killed and started again: nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { BENCH_NODE } from './rig/rig.ts';
import { runBenchmark } from './rig/run.ts';

/** Longer than one period, so that every target has been probed anew. */
const WATCH_MS = 3_000;

await runBenchmark({
  usage:
    'Usage: npm run bench:restart [-- --rounds N]\n\nCounts EndpointSlice events while an agent is killed (-9) and started again.',
  length: { flag: 'rounds', value: 5, help: 'how often to kill it' },
  async measure({ product, endpoints, addObject }, rounds) {
    const timing = { initialDelaySeconds: 0, periodSeconds: 1 };
    const tcp = { mode: 'TCP', tcp: { targetPort: 8080 } };
    const http = { mode: 'HTTP', http: { targetPort: 8080, path: '/healthz' } };
    await addObject({ name: 'tcp', pods: 55, healthcheck: { ...timing, probes: [tcp] } });
    await addObject({ name: 'http', pods: 55, healthcheck: { ...timing, probes: [http] } });
    await delay(WATCH_MS);
    const agent = product.agent(BENCH_NODE);
    const sinceMs = Date.now();
    for (let round = 0; round < rounds; round += 1) {
      await agent.kill();
      await agent.start();
      await delay(WATCH_MS);
    }
    const events = ['tcp', 'http'].flatMap((service) => endpoints.changes(service, sinceMs));
    for (const { kind, object } of events) console.log(`event: ${kind} ${object.metadata.name}`);
    return [
      { name: `slice events in ${rounds} restarts`, measured: events.length, unit: 'events', atMost: 0 },
    ];
  },
});
