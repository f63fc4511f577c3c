import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import { probeResultsOf } from '#lib/core/slice/probe-results.ts';
import { type RefusedEndpoint, refusedEndpointsOf } from '#lib/core/slice/refused-endpoints.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import { timestamp } from '#lib/core/timestamp.ts';
import type { EndpointStatus } from './status.ts';

/** What the slices of one object say about one pod, over all its addresses. */
export interface PodEndpoint {
  readonly podName: string;
  readonly podUid: string;
  readonly nodeName?: string;
  /** Gets new connections. */
  readonly ready: boolean;
  /** Serves by itself and by its probes, whatever a fail-open policy publishes. */
  readonly isReallyUp: boolean;
  readonly isTerminating: boolean;
  /** Why one of its addresses is not published at all. */
  readonly refusal?: string;
  /** Undefined while its agent has not said anything. */
  readonly verdict?: EndpointVerdict;
}

/** The pods in the slices, one entry a pod name, sorted by it. */
export function podEndpoints(slices: readonly EndpointSlice[]): readonly PodEndpoint[] {
  const byName = new Map<string, PodEndpoint>();
  for (const slice of slices) {
    const results = probeResultsOf(slice);
    const pods = [
      ...endpointsOf(slice).map((one) => podEndpoint(one, results?.pods[one.targetRef?.name ?? ''])),
      ...refusedEndpointsOf(slice).map(refusedPod),
    ];
    for (const next of pods) {
      const known = byName.get(next.podName);
      byName.set(next.podName, known === undefined ? next : joined(known, next));
    }
  }
  return [...byName.values()].toSorted((a, b) => (a.podName < b.podName ? -1 : 1));
}

/** Entries that a status holds at most: with messages, well below the size that the API server stores. */
const MOST_ENTRIES = 1000;

/**
 * `endpointStatuses`: sorted by pod name; of more than 1000 those that fail are shown first. A transition time stays
 * until `ready` changes.
 */
export function endpointStatuses(
  pods: readonly PodEndpoint[],
  previous: readonly EndpointStatus[],
  now: Date,
): readonly EndpointStatus[] {
  const before = new Map(previous.map((status) => [status.podName, status]));
  const shown = [...pods.filter(({ ready }) => !ready), ...pods.filter(({ ready }) => ready)]
    .slice(0, MOST_ENTRIES)
    .toSorted((a, b) => (a.podName < b.podName ? -1 : 1));
  return shown.map((pod) => {
    const known = before.get(pod.podName);
    const isSame = known?.ready === pod.ready && known.lastTransitionTime !== undefined;
    return endpointStatus(pod, isSame ? known.lastTransitionTime : timestamp(now));
  });
}

function endpointStatus(pod: PodEndpoint, lastTransitionTime: string): EndpointStatus {
  const failed = pod.verdict?.failed ?? [];
  return {
    podName: pod.podName,
    ...(pod.nodeName === undefined ? {} : { nodeName: pod.nodeName }),
    ready: pod.ready,
    probesSuccessful: pod.verdict?.isUp ?? pod.isReallyUp,
    ...(failed.length === 0 ? {} : { failedProbes: failed.map(({ probe }) => probe) }),
    ...(pod.ready ? {} : { message: reasonOf(pod) }),
    lastTransitionTime,
  };
}

/** The endpoint's state in a sentence, for an endpoint that is not ready. */
function reasonOf({ verdict, isTerminating, refusal }: PodEndpoint): string {
  if (refusal !== undefined) return refusal;
  const failures = [...new Set((verdict?.failed ?? []).map(({ message }) => message))];
  if (verdict?.isUp !== true && failures.length > 0) return failures.join('; ').slice(0, LONGEST_MESSAGE);
  if (isTerminating) return 'the pod is terminating';
  if (verdict?.isUp === false) return 'no probe has passed yet';
  return 'the pod, its container or its node is not ready';
}

const LONGEST_MESSAGE = 4096;

function podEndpoint(
  { targetRef, nodeName, conditions }: Endpoint,
  result: (EndpointVerdict & { readonly uid: string }) | undefined,
): PodEndpoint {
  const podUid = targetRef?.uid ?? '';
  const ready = conditions?.ready ?? true;
  const serving = conditions?.serving ?? ready;
  const isTerminating = conditions?.terminating ?? false;
  const verdict = result !== undefined && result.uid === podUid ? result : undefined;
  return {
    podName: targetRef?.name ?? '',
    podUid,
    ...(nodeName === undefined ? {} : { nodeName }),
    ready,
    isReallyUp: serving && !isTerminating && (verdict?.isUp ?? true),
    isTerminating,
    ...(verdict === undefined ? {} : { verdict }),
  };
}

function refusedPod({ podName, uid, nodeName, reason }: RefusedEndpoint): PodEndpoint {
  const state = { ready: false, isReallyUp: false, isTerminating: false };
  return { podName, podUid: uid, nodeName, ...state, refusal: reason };
}

/**
 * One entry of two. Addresses of one pod: all of them must be ready. Two pods of one name (a StatefulSet pod whose
 * old node is dead): the one that serves, else the one that is not on its way out.
 */
function joined(known: PodEndpoint, next: PodEndpoint): PodEndpoint {
  if (known.podUid !== next.podUid) {
    const isNextBetter = rank(next) > rank(known);
    return isNextBetter ? next : known;
  }
  const verdict = worse(known.verdict, next.verdict);
  const refusal = known.refusal ?? next.refusal;
  return {
    ...known,
    ready: known.ready && next.ready,
    isReallyUp: known.isReallyUp && next.isReallyUp,
    isTerminating: known.isTerminating || next.isTerminating,
    ...(refusal === undefined ? {} : { refusal }),
    ...(verdict === undefined ? {} : { verdict }),
  };
}

function rank({ ready, isTerminating, verdict }: PodEndpoint): number {
  return (ready ? 4 : 0) + (isTerminating ? 0 : 2) + (verdict === undefined ? 0 : 1);
}

function worse(
  known: EndpointVerdict | undefined,
  next: EndpointVerdict | undefined,
): EndpointVerdict | undefined {
  if (known === undefined || next === undefined) return known ?? next;
  const failed = [...known.failed, ...next.failed.filter((one) => !hasProbe(known, one.probe))];
  return { ...(known.isUp ? next : known), isUp: known.isUp && next.isUp, failed };
}

function hasProbe({ failed }: EndpointVerdict, probe: string): boolean {
  return failed.some((one) => one.probe === probe);
}
