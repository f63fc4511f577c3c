import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { RecordedChange } from './object-watch.ts';

/** A ready endpoint of a Service that was one no more at some moment, as its consumers saw it. */
export interface EndpointRemoval {
  /** Name of its pod. */
  readonly pod: string;
  readonly atMs: number;
}

/**
 * The removals at or after `sinceMs`, by everything that a watcher was told about the slices of one Service from the
 * beginning, oldest first. An endpoint that moves to another slice was never away.
 */
export function endpointRemovals(
  changes: readonly RecordedChange<EndpointSlice>[],
  sinceMs: number,
): readonly EndpointRemoval[] {
  const slices = new Map<string, ReadonlySet<string>>();
  const removals: EndpointRemoval[] = [];
  for (const { atMs, kind, object } of changes) {
    const before = slices.get(object.metadata.name) ?? new Set();
    if (kind === 'deleted') slices.delete(object.metadata.name);
    else slices.set(object.metadata.name, readyPods(object));
    if (atMs < sinceMs) continue;
    const gone = [...before].filter((pod) => ![...slices.values()].some((ready) => ready.has(pod)));
    removals.push(...gone.map((pod) => ({ pod, atMs })));
  }
  return removals;
}

function readyPods({ endpoints }: EndpointSlice): ReadonlySet<string> {
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return new Set(ready.map(({ targetRef }) => targetRef?.name ?? ''));
}
