import type { StatusRange } from '#lib/core/probe/probe.ts';

const ONE_OR_RANGE = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/;

/** The codes that an entry such as 204, "204" or "200-299" stands for; undefined when it stands for none. */
export function statusRange(entry: number | string): StatusRange | undefined {
  const match = ONE_OR_RANGE.exec(String(entry));
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from <= to ? { from, to } : undefined;
}
