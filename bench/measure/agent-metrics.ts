import type { ProductProgram } from '../../dev/cluster/product.ts';

type Exposing = Pick<ProductProgram, 'metricsAddress'>;

/** Sum of all series of the name whose labels hold the given text, as the program tells at present. */
export async function metricSum(program: Exposing, name: string, labels = ''): Promise<number> {
  return sumIn(await metricsOf(program), name, labels);
}

async function metricsOf({ metricsAddress }: Exposing): Promise<readonly string[]> {
  const response = await fetch(`http://${metricsAddress}/metrics`);
  if (!response.ok) throw new Error(`the metrics at ${metricsAddress} answer ${response.status}`);
  return (await response.text()).split('\n');
}

function sumIn(lines: readonly string[], name: string, labels: string): number {
  const series = lines.filter((line) => /^[\w:]+/.exec(line)?.[0] === name && line.includes(labels));
  if (series.length === 0) throw new Error(`there is no metric ${name}{${labels}}`);
  return series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** How many probe runs an agent has started so far, and how many of them later than a bucket of its histogram. */
export interface StartDelays {
  readonly all: number;
  readonly late: number;
}

/** Reads the agent's own measure of how late its probes start. */
export async function agentStartDelays(agent: ProductProgram, laterThanMs: number): Promise<StartDelays> {
  const name = 'swh_agent_probe_start_delay_seconds';
  const lines = await metricsOf(agent);
  const all = sumIn(lines, `${name}_count`, '');
  const inTime = sumIn(lines, `${name}_bucket`, `le="${laterThanMs / 1000}"`);
  return { all, late: all - inTime };
}

/** Part of the runs between two readings that were late, in percent. */
export function lateShareOf(from: StartDelays, to: StartDelays): string {
  return `${((100 * (to.late - from.late)) / Math.max(1, to.all - from.all)).toFixed(2)} %`;
}
