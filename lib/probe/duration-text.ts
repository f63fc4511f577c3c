/** A duration in milliseconds as users write it: `1 s`, `1.5 s`, `250 ms`. */
export function durationText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
