import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import type { RecordedChange } from './object-watch.ts';

/** What consumers of one Service saw over time, by every change of its slices. */
export interface EndpointTimeline {
  /** The longest time without a ready endpoint, from a moment on. */
  readonly longestGapMs: number;
  /** Addresses that stood in two slices with different conditions, each once, such as `10.1.0.1 true/false`. */
  readonly disagreements: readonly string[];
}

/**
 * Replays changes, oldest first. Consumers take the union of all slices. `sinceMs`, `untilMs`: the part of the time that
 * is judged.
 */
export function endpointTimeline(
  changes: readonly RecordedChange<EndpointSlice>[],
  sinceMs: number,
  untilMs: number,
): EndpointTimeline {
  const slices = new Map<string, EndpointSlice>();
  const disagreements = new Set<string>();
  let emptySinceMs: number | undefined = 0;
  let longestGapMs = 0;
  for (const { atMs, kind, object } of changes) {
    if (kind === 'deleted') slices.delete(object.metadata.name);
    else slices.set(object.metadata.name, object);
    const view = viewOf([...slices.values()]);
    if (atMs >= sinceMs) for (const one of view.disagreements) disagreements.add(one);
    if (!view.hasReady) emptySinceMs ??= atMs;
    else if (emptySinceMs !== undefined) {
      longestGapMs = Math.max(longestGapMs, atMs - Math.max(emptySinceMs, sinceMs));
      emptySinceMs = undefined;
    }
  }
  if (emptySinceMs !== undefined)
    longestGapMs = Math.max(longestGapMs, untilMs - Math.max(emptySinceMs, sinceMs));
  return { longestGapMs, disagreements: [...disagreements] };
}

function viewOf(slices: readonly EndpointSlice[]): {
  readonly hasReady: boolean;
  readonly disagreements: readonly string[];
} {
  const seen = new Map<string, boolean>();
  const disagreements: string[] = [];
  for (const slice of slices) {
    for (const { addresses, conditions } of endpointsOf(slice)) {
      const address = addresses[0] ?? '';
      const ready = conditions?.ready !== false;
      const before = seen.get(address);
      if (before !== undefined && before !== ready) disagreements.push(`${address} ${before}/${ready}`);
      seen.set(address, ready || before === true);
    }
  }
  return { hasReady: [...seen.values()].includes(true), disagreements };
}
