/** One value for each label name. */
type LabelValues = Readonly<Record<string, string>>;

/** One series of a histogram, to be observed often. */
export interface HistogramSeries {
  observe(value: number): void;
}

interface Series extends HistogramSeries {
  readonly labels: LabelValues;
  /** By bucket, not cumulated; the last one has what is above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

export interface HistogramTextOptions {
  readonly name: string;
  readonly help: string;
  /** Names in the order in which they are shown. */
  readonly labels: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
}

/**
 * A histogram that a series of costs nothing but a few additions to observe; prom-client's looks its labels up and
 * builds objects for each value, which costs as much as a tenth of a probe.
 */
export class HistogramText {
  readonly #options: HistogramTextOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: HistogramTextOptions) {
    this.#options = options;
    if (options.labels.length === 0) this.series({});
  }

  /** The series with these labels; begins at 0. */
  series(labels: LabelValues): HistogramSeries {
    const key = this.#keyOf(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const { buckets } = this.#options;
    const counts = new Float64Array(buckets.length + 1);
    const series: Series = {
      labels,
      counts,
      sum: 0,
      observe(value) {
        let index = 0;
        while (index < buckets.length && value > (buckets[index] ?? 0)) index++;
        counts[index] = (counts[index] ?? 0) + 1;
        series.sum += value;
      },
    };
    this.#series.set(key, series);
    return series;
  }

  remove(labels: LabelValues): void {
    this.#series.delete(this.#keyOf(labels));
  }

  /** Prometheus' text format, without an empty line at the end. */
  text(): string {
    const { name, help } = this.#options;
    const lines = [...this.#series.values()].flatMap((series) => this.#linesOf(series));
    return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...lines].join('\n');
  }

  #linesOf({ labels, counts, sum }: Series): readonly string[] {
    const { name, buckets } = this.#options;
    const own = this.#options.labels.map((label) => `${label}="${escaped(labels[label] ?? '')}"`);
    const all = own.length === 0 ? '' : `{${own.join(',')}}`;
    let total = 0;
    const cumulated = [...buckets.map(String), '+Inf'].map((bound, index) => {
      total += counts[index] ?? 0;
      return `${name}_bucket{${[`le="${bound}"`, ...own].join(',')}} ${total}`;
    });
    return [...cumulated, `${name}_sum${all} ${sum}`, `${name}_count${all} ${total}`];
  }

  #keyOf(labels: LabelValues): string {
    return JSON.stringify(this.#options.labels.map((label) => labels[label] ?? ''));
  }
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
