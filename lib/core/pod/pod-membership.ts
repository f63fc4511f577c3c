import type { IpFamily, ObjectRef, Pod } from '#lib/core/kubernetes.ts';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';

/** Whose pods are asked for: the part of a ServiceWithHealthchecks that decides it. */
export interface PodOwner {
  readonly ref: ObjectRef;
  readonly service: { readonly selector?: Readonly<Record<string, string>> };
}

/** The addresses of one pod by family: at most one each, in canonical form. */
export type PodAddresses = Readonly<Partial<Record<IpFamily, string>>>;

/**
 * Whether the pod is an endpoint of the object: same namespace, selected, not finished, with an address.
 * Readiness, container states and deletion do not matter here, exactly as for a plain Service.
 */
export function isMember(pod: Pod, owner: PodOwner): boolean {
  return (
    pod.metadata.namespace === owner.ref.namespace &&
    matchesSelector(pod.metadata.labels ?? {}, owner.service.selector) &&
    !isFinished(pod) &&
    primaryFamilyOf(pod) !== undefined
  );
}

/** Whether the labels have every pair of the selector. An empty or missing selector matches nothing. */
export function matchesSelector(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> | undefined,
): boolean {
  const pairs = Object.entries(selector ?? {});
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

/** Whether all containers have ended for good: such a pod serves nobody, and its address may be another's. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Addresses of the pod from `status.podIPs`; the first of each family counts. */
export function addressesOf(pod: Pod): PodAddresses {
  const addresses: Partial<Record<IpFamily, string>> = {};
  for (const { ip } of pod.status?.podIPs ?? []) {
    const parsed = parseIpAddress(ip);
    if (parsed !== undefined) addresses[parsed.family] ??= parsed.address;
  }
  return addresses;
}

/** Family of the pod's first address; undefined while it has none. */
export function primaryFamilyOf(pod: Pod): IpFamily | undefined {
  const first = pod.status?.podIPs?.[0];
  return first === undefined ? undefined : parseIpAddress(first.ip)?.family;
}
