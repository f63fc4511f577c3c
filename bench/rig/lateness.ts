import type { EndpointSlice, Pod } from '#lib/core/kubernetes.ts';
import { isPodReady } from '#lib/core/pod/pod-readiness.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import type { RecordedChange } from '../../dev/workload/object-watch.ts';
import { type Distribution, distributionOf } from '../measure/distribution.ts';

/** How long after its pod an endpoint followed, in milliseconds, by what a watcher saw. */
export interface Lateness {
  /** From ready pod to ready endpoint. */
  readonly comes: Distribution;
  /** From the deletion of a ready pod to an endpoint that is not ready any more. */
  readonly leaves: Distribution;
}

interface Times {
  comesAtMs?: number;
  leavesAtMs?: number;
}

/** Compares what a watcher was told of pods and of the slices of one Service, both oldest first. */
export function latenessOf(
  pods: readonly RecordedChange<Pod>[],
  slices: readonly RecordedChange<EndpointSlice>[],
): Lateness {
  const [wanted, seen] = [podTimes(pods), endpointTimes(slices)];
  const differences = (key: keyof Times): readonly number[] =>
    [...wanted].flatMap(([uid, times]) => {
      const [since, until] = [times[key], seen.get(uid)?.[key]];
      return since === undefined || until === undefined ? [] : [until - since];
    });
  return {
    comes: distributionOf(differences('comesAtMs')),
    leaves: distributionOf(differences('leavesAtMs')),
  };
}

function podTimes(changes: readonly RecordedChange<Pod>[]): ReadonlyMap<string, Times> {
  const all = new Map<string, Times>();
  for (const { atMs, object } of changes) {
    const times = timesOf(all, object.metadata.uid);
    const isGoing = object.metadata.deletionTimestamp !== undefined;
    if (isPodReady(object) && !isGoing) times.comesAtMs ??= atMs;
    if (isGoing && times.comesAtMs !== undefined) times.leavesAtMs ??= atMs;
  }
  return all;
}

function endpointTimes(changes: readonly RecordedChange<EndpointSlice>[]): ReadonlyMap<string, Times> {
  const all = new Map<string, Times>();
  const readyIn = new Map<string, ReadonlySet<string>>();
  for (const { atMs, kind, object } of changes) {
    const ready = new Set(kind === 'deleted' ? [] : readyUids(object));
    const before = readyIn.get(object.metadata.name) ?? new Set();
    readyIn.set(object.metadata.name, ready);
    for (const uid of ready) timesOf(all, uid).comesAtMs ??= atMs;
    const gone = [...before].filter((uid) => ![...readyIn.values()].some((uids) => uids.has(uid)));
    for (const uid of gone) timesOf(all, uid).leavesAtMs ??= atMs;
  }
  return all;
}

function readyUids(slice: EndpointSlice): readonly string[] {
  return endpointsOf(slice)
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.uid ?? '');
}

function timesOf(all: Map<string, Times>, uid = ''): Times {
  const times = all.get(uid) ?? {};
  all.set(uid, times);
  return times;
}
