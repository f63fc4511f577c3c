/** What one event costs in each host of the reconcile hooks, and how fast the executable of the module starts. */
import { parseArgs } from 'node:util';
import type { Service } from '#lib/core/kubernetes.ts';
import { ensureProductBuilt } from '../dev/cluster/built-product.ts';
import { ControlPlane } from '../dev/cluster/control-plane.ts';
import { applyResourceDefinition } from '../dev/cluster/product.ts';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { ProcessHost } from '../dev/process/process-host.ts';
import { waitFor } from '../dev/process/wait-for.ts';
import { type Bar, printBars } from './measure/bar.ts';
import { type Distribution, distributionOf } from './measure/distribution.ts';
import { usageOf } from './measure/process-usage.ts';
import { chrootStarts } from './rig/chroot-start.ts';
import { HOOK_HOSTS, type HookHost } from './rig/hook-hosts.ts';

const USAGE = `Usage: npm run bench:hooks -- [--events N]

Changes a child Service and waits until it is repaired, in each host of the hooks; starts the module's hook in a chroot.

  --events N   events a host (default 50)
  --help`;

/** Objects with a Service each: what a run of a hook gets to see. */
const OBJECTS = 50;
const SERVICES = '/api/v1/namespaces/default/services';
const SWHS = '/apis/network.deckhouse.io/v1alpha1/namespaces/default/servicewithhealthchecks';
/** What Deckhouse's own hooks take, so that ours are not felt among them. */
const START_MS = 80;

async function addObjects({ api }: ControlPlane): Promise<void> {
  const probes = [{ mode: 'TCP', tcp: { targetPort: 8080 } }];
  for (let number = 0; number < OBJECTS; number += 1) {
    const spec = {
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
      healthcheck: { probes },
    };
    const kind = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks' };
    await api.post(SWHS, { ...kind, metadata: { name: `web-${number}` }, spec });
  }
}

/** Changes the Service of one object; resolves with the milliseconds until it is as it was. */
async function repair({ api }: ControlPlane, name: string): Promise<number> {
  const repaired = Promise.withResolvers<number>();
  const watching = new AbortController();
  const { metadata } = await api.get<Service>(`${SERVICES}/${name}`);
  const query = `watch=1&fieldSelector=metadata.name=${name}&resourceVersion=${metadata.resourceVersion}`;
  let start = Number.POSITIVE_INFINITY;
  const watch = api.watch<Service>(
    `${SERVICES}?${query}`,
    ({ object }) => {
      if (object.spec.ports?.[0]?.port === 80) repaired.resolve(performance.now() - start);
    },
    watching.signal,
  );
  start = performance.now();
  await api.mergePatch(`${SERVICES}/${name}`, { spec: { ports: [{ port: 81, targetPort: 8080 }] } });
  const ms = await repaired.promise;
  watching.abort();
  await watch;
  return ms;
}

interface HostFigures {
  readonly latencyMs: Distribution;
  readonly cpuMs: number;
  readonly memoryMb: number;
}

async function measure(
  host: ProcessHost,
  controlPlane: ControlPlane,
  kind: HookHost,
  events: number,
): Promise<HostFigures> {
  const process = await kind.start(host, controlPlane);
  try {
    await waitFor('every Service to be there', async () => {
      const { items } = await controlPlane.api.get<{ readonly items: readonly Service[] }>(SERVICES);
      return items.filter(({ metadata }) => metadata.name.startsWith('web-')).length === OBJECTS
        ? true
        : undefined;
    });
    // The first ones are slower: what is read and compiled then is there afterwards.
    for (let warmUp = 0; warmUp < 5; warmUp += 1) await repair(controlPlane, `web-${warmUp}`);
    const before = await usageOf(process.pid);
    const latencies: number[] = [];
    for (let event = 0; event < events; event += 1) {
      latencies.push(await repair(controlPlane, `web-${event % OBJECTS}`));
    }
    const after = await usageOf(process.pid);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds + after.childCpuSeconds - before.childCpuSeconds;
    return {
      latencyMs: distributionOf(latencies),
      cpuMs: (1000 * cpuSeconds) / events,
      memoryMb: after.anonymousKb / 1024,
    };
  } finally {
    await process.stop();
  }
}

function lineOf(name: string, { latencyMs: { p50, p99 }, cpuMs, memoryMb }: HostFigures): string {
  return `${name}: ${p50.toFixed(0)} ms (p99 ${p99.toFixed(0)} ms), ${cpuMs.toFixed(1)} ms of CPU an event, RssAnon ${memoryMb.toFixed(0)} MB`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { events: { type: 'string' }, help: { type: 'boolean' } } });
  const events = Number(values.events ?? 50);
  if (values.help === true || !(events > 0)) {
    console.log(USAGE);
    return;
  }
  await ensureProductBuilt();
  const host = ProcessHost.open();
  const ignoreInterrupts = onInterrupt(() => host.close());
  try {
    const starts = distributionOf(await chrootStarts(events));
    console.log(`start in an empty chroot: ${starts.p50.toFixed(0)} ms (p99 ${starts.p99.toFixed(0)} ms)`);
    const bars: Bar[] = [
      {
        name: 'start of the hook in an empty chroot, p50',
        measured: starts.p50,
        unit: 'ms',
        atMost: START_MS,
      },
    ];
    const options = { controllerManager: 'none', beforeControllers: applyResourceDefinition } as const;
    const controlPlane = await ControlPlane.start(host, options);
    await addObjects(controlPlane);
    for (const kind of HOOK_HOSTS)
      console.log(lineOf(kind.name, await measure(host, controlPlane, kind, events)));
    process.exitCode = printBars(bars) ? 0 : 1;
  } finally {
    await host.close();
    ignoreInterrupts();
  }
}

await main();
