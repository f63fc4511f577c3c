/** Samples of one metric in the text that Prometheus reads. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a metric; none when the text does not name it. */
export function samplesOf(text: string, metric: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null || match[1] !== metric) return [];
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return [
      {
        labels: Object.fromEntries(labels.map(([, name = '', value = '']) => [name, value])),
        value: Number(match[3]),
      },
    ];
  });
}

/** The sum over all samples of a metric. */
export function sumOf(text: string, metric: string): number {
  return samplesOf(text, metric).reduce((sum, { value }) => sum + value, 0);
}
