import { clip, type Line, type Look, span } from './text.ts';

/** One pod behind one load balancer. */
export interface PodRow {
  readonly pod: string;
  readonly node: string;
  readonly isReady: boolean;
  /** Why it is not ready; empty when nobody says. */
  readonly message: string;
  /** Part of the answered requests that it answered of late, 0 to 1. */
  readonly share: number;
}

/** One load balancer: a ServiceWithHealthchecks, or a plain Service to compare with. */
export interface BalancerView {
  readonly name: string;
  readonly kind: 'swh' | 'service';
  /** Cluster IP and port. */
  readonly address: string;
  readonly pods: readonly PodRow[];
  /** Part of the requests that got no answer of late, 0 to 1. */
  readonly failed: number;
}

/** Everything that the screen shows. */
export interface DemoView {
  readonly elapsedMs: number;
  readonly step: string;
  readonly balancers: readonly BalancerView[];
  /** Writes that reached a replica, all in all. */
  readonly wrongWrites: number;
  /** What has happened, oldest first. */
  readonly log: readonly string[];
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The width below which node names and bars give way to the message. */
const WIDE = 72;
const BAR = 12;

/** Lays the view out: never more lines than rows, never a line wider than the screen. */
export function layOut(view: DemoView, { columns, rows }: ScreenSize): readonly Line[] {
  const blocks = view.balancers.map((balancer) => balancerLines(balancer, columns));
  const lineCount = blocks.reduce((sum, block) => sum + block.length + 1, 2);
  // A low screen shows everything without blank lines rather than a part of it with them.
  const gap: readonly Line[] = lineCount > rows ? [] : [[]];
  const body = [...header(view), ...blocks.flatMap((block) => [...gap, ...block])];
  const room = rows - body.length - 1;
  const log =
    room > 1 && view.log.length > 0
      ? [[], ...view.log.slice(1 - room).map((entry) => [span(entry, 'dim')])]
      : [];
  return [...body, ...log].slice(0, Math.max(rows, 0)).map((line) => clip(line, columns));
}

function header(view: DemoView): readonly Line[] {
  const wrong = `writes at a replica: ${view.wrongWrites}`;
  return [
    [span(`${seconds(view.elapsedMs)}  `, 'dim'), span(view.step, 'bold')],
    [span('answers of the last 3 s · ', 'dim'), span(wrong, view.wrongWrites === 0 ? 'good' : 'bad')],
  ];
}

function balancerLines(balancer: BalancerView, columns: number): readonly Line[] {
  const ready = balancer.pods.filter((pod) => pod.isReady).length;
  const kind = balancer.kind === 'swh' ? '' : ' plain Service';
  const title: Line = [
    span(balancer.name.padEnd(15), 'bold'),
    span(`${ready}/${balancer.pods.length} ready`, lookOf(ready, balancer.pods.length)),
    span(balancer.failed === 0 ? '' : `  ${percentOf(balancer.failed)} of requests fail`, 'bad'),
    span(`${kind}  ${balancer.address}`, 'dim'),
  ];
  return [title, ...balancer.pods.map((pod) => podLine(pod, columns))];
}

function podLine(pod: PodRow, columns: number): Line {
  const mark = pod.isReady ? span('● ', 'good') : span('○ ', 'bad');
  const percent = percentOf(pod.share).padStart(5);
  const bar = '█'.repeat(Math.round(pod.share * BAR)).padEnd(BAR, '·');
  const node = columns < WIDE ? [] : [span(pod.node.padEnd(9), 'dim')];
  const traffic = columns < WIDE ? [span(percent)] : [span(bar, 'note'), span(percent)];
  const message = pod.isReady ? span('') : span(`  ${pod.message}`, 'bad');
  return [span('  '), mark, span(pod.pod.padEnd(12)), ...node, ...traffic, message];
}

function percentOf(part: number): string {
  return `${Math.round(part * 100)}%`;
}

function lookOf(ready: number, all: number): Look {
  if (ready === 0) return 'bad';
  return ready === all ? 'good' : 'note';
}

/** Seconds with one digit, as shown everywhere in the demo. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
