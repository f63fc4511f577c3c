import { changeText, type Step } from './change.ts';
import { differenceText } from './compare-views.ts';
import type { SettleTimes } from './history-run.ts';
import type { HistoryReport } from './oracle.ts';

/** Changes shown before a failing step; the seed gives them all. */
const STEPS_SHOWN = 6;

/** What went wrong in a history, for a person: seed, step, the last steps, every differing field. */
export function failureText({ seed, outcome }: HistoryReport): string {
  if (outcome.kind === 'agreed') return `seed ${seed}: ${outcome.steps} steps agreed`;
  if (outcome.kind === 'broke') return `seed ${seed}: broke off: ${messageOf(outcome.error)}`;
  const { history, judgement, logged } = outcome;
  const first = Math.max(0, history.length - STEPS_SHOWN);
  return [
    `seed ${seed}, step ${history.length}: the sides do not agree`,
    ...history.slice(first).map((step, index) => stepText(step, first + index + 1)),
    ...judgement.plain.map((one) => `  the plain Service against the forecast: ${differenceText(one)}`),
    ...judgement.twin.map((one) => `  the twin against the plain Service: ${differenceText(one)}`),
    ...logged.map((line) => `  ${line}`),
  ].join('\n');
}

/** One line about how long the sides took. */
export function timesText(settled: readonly SettleTimes[]): string {
  const plain = settled.map(({ plainMs }) => plainMs);
  const twin = settled.map(({ twinMs }) => twinMs);
  const poked = settled.filter(({ pokes }) => pokes > 0).length;
  return `settled after: plain Service ${quantiles(plain)}; both ${quantiles(twin)}; plain Service told to look in ${poked} steps`;
}

function stepText(step: Step, number: number): string {
  return step.map((change) => `  step ${number}: ${changeText(change)}`).join('\n');
}

function quantiles(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
