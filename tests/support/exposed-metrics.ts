import { SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { addProcessMetrics, createMetrics, type Metrics } from '#lib/runtime/metrics.ts';
import { createAgentMetrics } from '../../images/agent/src/metrics.ts';
import { createControllerMetrics } from '../../images/controller/src/metrics.ts';
import { aCondition } from './builders.ts';

/** Label names by the name of the series, `_bucket` and the like included. */
export type ExposedMetrics = ReadonlyMap<string, ReadonlySet<string>>;

/** Labels that the PodMonitors of the chart put on every series; a label of the same name of the series itself wins. */
export const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'node', 'tier'] as const;

/** What both programs expose once each of their metrics has been used. */
export async function exposedMetrics(): Promise<ExposedMetrics> {
  const texts = await Promise.all([agentText(), controllerText()]);
  return new Map(texts.flatMap((text) => [...seriesIn(text)]));
}

function agentText(): Promise<string> {
  const metrics = withProcess();
  const agent = createAgentMetrics(metrics, { targets: () => 1, queueDepth: () => 0, isTracked: () => true });
  agent.probes.started('tcp', 1);
  agent.probes.finished('tcp', SUCCESS, 1);
  agent.transition({
    owner: 'shop/web',
    endpoint: { podName: 'web-1', podUid: 'uid-1', family: 'IPv4', address: '10.1.0.1', probes: [] },
    verdict: { isUp: false, hasBeenUp: true, since: '2026-01-01T00:00:00Z', failed: [] },
  });
  return metrics.text();
}

function controllerText(): Promise<string> {
  const metrics = withProcess();
  const controller = createControllerMetrics(metrics, {
    depths: new Map([['status', () => 0]]),
    nodeEndpoints: () => new Map([['node-1', 1]]),
  });
  controller.setStatus({ namespace: 'shop', name: 'web' }, { conditions: [aCondition({ type: 'Ready' })] });
  controller.observeReconcile('status', 'done', 1);
  return metrics.text();
}

function withProcess(): Metrics {
  const metrics = createMetrics();
  addProcessMetrics(metrics);
  return metrics;
}

function seriesIn(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const series = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = /^([a-z_]+)(?:\{([^}]*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}
