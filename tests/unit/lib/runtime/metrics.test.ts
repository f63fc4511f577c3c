import { expect, test } from 'vitest';
import { addProcessMetrics, createMetrics } from '#lib/runtime/metrics.ts';

test('series appear with their values and end when removed', async () => {
  const metrics = createMetrics();
  const probes = metrics.counter({ name: 'probes_total', help: 'Probes.', labels: ['kind'] });
  probes.add({ kind: 'tcp' }, 0);
  probes.add({ kind: 'http' });
  probes.add({ kind: 'http' }, 2);
  expect(await metrics.text()).toContain('probes_total{kind="tcp"} 0\nprobes_total{kind="http"} 3');
  probes.remove({ kind: 'http' });
  expect(await metrics.text()).not.toContain('http');
});

test('a series that grows often begins at 0 and is counted when somebody asks', async () => {
  const metrics = createMetrics();
  const probes = metrics.counter({ name: 'probes_total', help: 'Probes.', labels: ['kind'] });
  const add = probes.series({ kind: 'tcp' });
  expect(await metrics.text()).toContain('probes_total{kind="tcp"} 0');
  add();
  add();
  probes.add({ kind: 'tcp' });
  expect(await metrics.text()).toContain('probes_total{kind="tcp"} 3');
  expect(await metrics.text()).toContain('probes_total{kind="tcp"} 3');
});

test('a gauge can be computed when somebody asks', async () => {
  const metrics = createMetrics();
  let depth = 1;
  metrics.gauge({ name: 'depth', help: 'Depth.', collect: (gauge) => gauge.set({}, depth) });
  expect(await metrics.text()).toContain('\ndepth 1');
  depth = 5;
  expect(await metrics.text()).toContain('\ndepth 5');
});

test('two programs in one process do not share series', async () => {
  const one = createMetrics();
  one.histogram({ name: 'seconds', help: 'Time.', buckets: [1, 2] }).observe({}, 1.5);
  const other = createMetrics();
  other.histogram({ name: 'seconds', help: 'Time.', buckets: [1] });
  expect(await one.text()).toContain('seconds_bucket{le="2"} 1');
  expect(await other.text()).not.toContain('le="2"');
});

test('the process shows its memory, descriptors and the lag of its event loop', async () => {
  const metrics = createMetrics();
  addProcessMetrics(metrics);
  const text = await metrics.text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_open_fds')).toBeGreaterThan(2);
  expect(text).toContain('nodejs_eventloop_lag_seconds{quantile="0.99"}');
});
