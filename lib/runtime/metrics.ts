import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import prometheus from 'prom-client';
import { type HistogramSeries, HistogramText } from './histogram.ts';

/** One value for each label name of the metric. */
export type Labels<Name extends string> = Readonly<Record<Name, string>>;

/** Only ever grows. */
export interface Counter<Name extends string> {
  /** 0 makes the series visible, so that rates work from the first minute. */
  add(labels: Labels<Name>, amount?: number): void;
  /** What adds 1 to the series, for series that grow often. The series begins at 0 and must not be removed. */
  series(labels: Labels<Name>): () => void;
  /** Ends the series: its subject is gone. */
  remove(labels: Labels<Name>): void;
}

export interface Gauge<Name extends string> {
  set(labels: Labels<Name>, value: number): void;
  remove(labels: Labels<Name>): void;
  /** Ends all series. */
  clear(): void;
}

export interface Histogram<Name extends string> {
  observe(labels: Labels<Name>, value: number): void;
  /** The series with these labels, for those that are observed often. */
  series(labels: Labels<Name>): HistogramSeries;
  remove(labels: Labels<Name>): void;
}

export interface MetricOptions<Name extends string> {
  /** With unit and, for a counter, `_total` at the end. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Name[];
}

export interface CounterOptions<Name extends string> extends MetricOptions<Name> {
  /** Called when somebody asks for the metrics, to end series whose subject is gone. */
  readonly collect?: (counter: Counter<Name>) => void;
}

export interface GaugeOptions<Name extends string> extends MetricOptions<Name> {
  /** Sets the values when somebody asks for them. */
  readonly collect?: (gauge: Gauge<Name>) => void;
}

export interface HistogramOptions<Name extends string> extends MetricOptions<Name> {
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

/** The metrics of one program, in a registry of their own. */
export interface Metrics {
  counter<Name extends string = never>(options: CounterOptions<Name>): Counter<Name>;
  gauge<Name extends string = never>(options: GaugeOptions<Name>): Gauge<Name>;
  histogram<Name extends string = never>(options: HistogramOptions<Name>): Histogram<Name>;
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
}

/** An empty set of metrics. */
export function createMetrics(): Metrics {
  const registry = new prometheus.Registry();
  const histograms: HistogramText[] = [];
  return {
    contentType: registry.contentType,
    text: async () => [await registry.metrics(), ...histograms.map((one) => `${one.text()}\n`)].join('\n'),
    counter: (options) => {
      const counts: { readonly labels: Labels<string>; unread: number }[] = [];
      const metric = new prometheus.Counter({
        ...configOf(registry, options),
        collect() {
          for (const count of counts) {
            metric.inc({ ...count.labels }, count.unread);
            count.unread = 0;
          }
          options.collect?.(counter);
        },
      });
      const counter: Counter<string> = {
        add: (labels, amount = 1) => metric.inc({ ...labels }, amount),
        series(labels) {
          const count = { labels, unread: 0 };
          counts.push(count);
          return () => {
            count.unread += 1;
          };
        },
        remove: (labels) => metric.remove({ ...labels }),
      };
      return counter;
    },
    gauge: (options) => {
      const { collect } = options;
      const metric = new prometheus.Gauge({
        ...configOf(registry, options),
        ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
      });
      const gauge: Gauge<string> = {
        set: (labels, value) => metric.set({ ...labels }, value),
        remove: (labels) => metric.remove({ ...labels }),
        clear: () => metric.reset(),
      };
      return gauge;
    },
    histogram: ({ name, help, labels = [], buckets }) => {
      const text = new HistogramText({ name, help, labels, buckets });
      histograms.push(text);
      const histogram: Histogram<string> = {
        observe: (values, value) => text.series(values).observe(value),
        series: (values) => text.series(values),
        remove: (values) => text.remove(values),
      };
      return histogram;
    },
  };
}

function configOf(registry: prometheus.Registry, options: MetricOptions<string>) {
  return {
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    registers: [registry],
  };
}

/** One wake-up a second: each costs an idle process as much as a probe. Shorter stalls show in what is late. */
const EVENT_LOOP_RESOLUTION_MS = 1000;

/**
 * Standard metrics of the process under their usual names, and how late the event loop was. prom-client's own set
 * has thirty more and keeps an observer of the garbage collector.
 */
export function addProcessMetrics(metrics: Metrics): void {
  const single = (name: string, help: string, read: () => number | undefined) =>
    metrics.gauge({
      name,
      help,
      collect: (gauge) => {
        const value = read();
        if (value !== undefined) gauge.set({}, value);
      },
    });
  single('process_cpu_seconds_total', 'Processor time used, in seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  single('process_resident_memory_bytes', 'Resident memory in bytes.', () => process.memoryUsage.rss());
  single(
    'nodejs_heap_size_used_bytes',
    'Used part of the heap in bytes.',
    () => process.memoryUsage().heapUsed,
  );
  single('process_open_fds', 'Open file descriptors.', openDescriptors);
  single('process_start_time_seconds', 'Start of the process, in seconds since 1970.', () =>
    Math.floor(performance.timeOrigin / 1000),
  );
  addEventLoopDelay(metrics);
}

function addEventLoopDelay(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  delay.enable();
  metrics.gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'How late the event loop was since the last scrape, in seconds.',
    labels: ['quantile'],
    collect: (gauge) => {
      gauge.set({ quantile: '0.5' }, lagSeconds(delay.percentile(50)));
      gauge.set({ quantile: '0.99' }, lagSeconds(delay.percentile(99)));
      gauge.set({ quantile: '1' }, lagSeconds(delay.max));
      delay.reset();
    },
  });
}

/** The monitor measures the distance of its own wake-ups, in nanoseconds. */
function lagSeconds(distanceNs: number): number {
  return Math.max(0, distanceNs / 1e9 - EVENT_LOOP_RESOLUTION_MS / 1000);
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
