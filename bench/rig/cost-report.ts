import type { Bar } from '../measure/bar.ts';
import { distributionOf } from '../measure/distribution.ts';
import type { CheckKind } from './cost-rig.ts';
import type { Cost } from './cost-run.ts';

/** What checks of one kind cost whom. */
export interface KindCosts {
  readonly kind: CheckKind;
  /** With `BASE_TARGETS`; undefined where there are no more than these. */
  readonly base: BaseMemory | undefined;
  /** One a round. */
  readonly ours: readonly Cost[];
  /** One a round. It has no kept connections: its checks on fresh ones are what they are held against. */
  readonly haproxy: readonly Cost[];
  readonly blackbox: Cost | undefined;
  /** Connections of ours that were left in TIME_WAIT. */
  readonly timeWaits: number;
}

/** Anonymous memory, in kB. */
export interface BaseMemory {
  readonly agentKb: number;
  readonly haproxyKb: number;
}

/** What a target takes is what the further ones take: the first thousand need machine code and buffers too. */
export const BASE_TARGETS = 1000;

/** From this many targets on, memory and CPU are those of the targets and not of the process. */
const MANY_TARGETS = 1000;

/** Microseconds of CPU a check of the module that this one replaces, measured at 200 targets. */
const REFERENCE = { TCP: 1536, HTTP: 533 } as const;

/** One line a kind. */
export function tableOf(costs: readonly KindCosts[], targets: number): string {
  const head = [
    'kind',
    'targets',
    'µs ours',
    'HAProxy',
    'blackbox',
    'rate ours/HAProxy',
    'checks/s',
    'B/target ours',
    'HAProxy',
    'RssAnon MB',
    'TIME_WAIT',
  ];
  const rows = costs.map((cost) => {
    const { kind, base, ours, blackbox, timeWaits } = cost;
    const own = microsecondsOf(ours);
    const peer = microsecondsOf(cost.haproxy);
    return [
      kind,
      String(targets),
      own.toFixed(1),
      peer.toFixed(1),
      blackbox === undefined ? '–' : blackbox.microsecondsACheck.toFixed(0),
      (peer / own).toFixed(2),
      middle(ours.map(({ checksASecond }) => checksASecond)).toFixed(0),
      bytesText(perTarget(ours, base?.agentKb, targets)),
      bytesText(perTarget(cost.haproxy, base?.haproxyKb, targets)),
      (anonymousKb(ours) / 1024).toFixed(1),
      String(timeWaits),
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return [head, ...rows].map(line).join('\n');
}

/** What the figures must reach with so many targets. `idleKb`: anonymous memory of an agent without any. */
export function barsOf(costs: readonly KindCosts[], idleKb: number, targets: number): readonly Bar[] {
  const idle: Bar = {
    name: 'RssAnon without targets',
    measured: idleKb / 1024,
    unit: 'MB',
    atMost: 40,
  };
  return [
    idle,
    ...costs.flatMap((cost) => [
      ...(targets < MANY_TARGETS ? fewTargetsBars(cost) : manyTargetsBars(cost, targets)),
      {
        name: `${cost.kind}: sockets left in TIME_WAIT`,
        measured: cost.timeWaits,
        unit: 'sockets',
        atMost: 0,
      },
    ]),
  ];
}

function fewTargetsBars({ kind, ours }: KindCosts): readonly Bar[] {
  const reference = kind === 'TCP' ? REFERENCE.TCP : REFERENCE.HTTP;
  return [
    {
      name: `${kind}: CPU a probe`,
      measured: microsecondsOf(ours),
      unit: 'µs',
      atMost: Math.floor(reference / 3),
    },
  ];
}

const AT_LEAST = { TCP: 0.5, HTTP: 0.7, 'HTTP kept': 2 } as const;

function manyTargetsBars(cost: KindCosts, targets: number): readonly Bar[] {
  const { kind, base, ours, haproxy, blackbox } = cost;
  const own = microsecondsOf(ours);
  const bytes = perTarget(ours, base?.agentKb, targets);
  const beside =
    blackbox === undefined
      ? []
      : [
          {
            name: `${kind}: checks a CPU second`,
            measured: blackbox.microsecondsACheck / own,
            unit: '× blackbox_exporter',
            atLeast: 4,
          },
        ];
  return [
    {
      name: `${kind}: checks a CPU second`,
      measured: microsecondsOf(haproxy) / own,
      unit: '× HAProxy',
      atLeast: AT_LEAST[kind],
    },
    ...beside,
    ...(bytes === undefined
      ? []
      : [{ name: `${kind}: memory a target`, measured: bytes, unit: 'bytes', atMost: 3000 }]),
    { name: `${kind}: RssAnon`, measured: anonymousKb(ours) / 1024, unit: 'MB', atMost: 110 },
  ];
}

/** In bytes, of each target beyond the first thousand. */
function perTarget(runs: readonly Cost[], baseKb: number | undefined, targets: number): number | undefined {
  if (baseKb === undefined) return undefined;
  return (1024 * (anonymousKb(runs) - baseKb)) / (targets - BASE_TARGETS);
}

function bytesText(bytes: number | undefined): string {
  return bytes === undefined ? '–' : bytes.toFixed(0);
}

function microsecondsOf(runs: readonly Cost[]): number {
  return middle(runs.map(({ microsecondsACheck }) => microsecondsACheck));
}

function anonymousKb(runs: readonly Cost[]): number {
  return Math.max(...runs.map((run) => run.anonymousKb));
}

function middle(values: readonly number[]): number {
  return distributionOf(values).p50;
}
