import { type Line, span } from './text.ts';

/** One thing that the demo promised, and what came of it. */
export interface Expectation {
  readonly name: string;
  /** What was measured or counted, in words. */
  readonly measured: string;
  readonly holds: boolean;
}

/** Whether everything that was promised came true; an empty list proves nothing and fails. */
export function allHold(expectations: readonly Expectation[]): boolean {
  return expectations.length > 0 && expectations.every(({ holds }) => holds);
}

/** The table at the end of the demo. */
export function summaryLines(expectations: readonly Expectation[], totalMs: number): readonly Line[] {
  const width = Math.max(0, ...expectations.map(({ name }) => name.length));
  const rows = expectations.map(
    ({ name, measured, holds }): Line => [
      holds ? span('pass  ', 'good') : span('FAIL  ', 'bad'),
      span(name.padEnd(width + 2)),
      span(measured, 'note'),
    ],
  );
  const held = expectations.filter(({ holds }) => holds).length;
  const total = `${held} of ${expectations.length} expectations held, ${Math.round(totalMs / 1000)} s in all`;
  return [...rows, [], [span(total, allHold(expectations) ? 'good' : 'bad')]];
}
