import type { IpFamily, ObjectRef, Pod } from '#lib/core/kubernetes.ts';
import { parseIpAddress, refusedRange } from '#lib/core/pod/ip-address.ts';

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

/**
 * Addresses of the pod from `status.podIPs`; the first of each family counts. Without those that no slice may hold: one of
 * them would make the API server refuse the whole slice, and a probe of it would not reach the pod.
 */
export function addressesOf(pod: Pod): PodAddresses {
  return Object.fromEntries(
    [...firstAddresses(pod)].filter(([family, address]) => refusedRange({ family, address }) === undefined),
  );
}

/** The pod's address in the family, and why no slice may hold it, if so; undefined when it has none. */
export function podAddress(
  pod: Pod,
  family: IpFamily,
): { readonly address: string; readonly refusal?: string } | undefined {
  const address = firstAddresses(pod).get(family);
  if (address === undefined) return undefined;
  const range = refusedRange({ family, address });
  if (range === undefined) return { address };
  return { address, refusal: `no EndpointSlice may hold the ${range} address ${address} of the pod` };
}

function firstAddresses(pod: Pod): ReadonlyMap<IpFamily, string> {
  const addresses = new Map<IpFamily, string>();
  for (const { ip } of pod.status?.podIPs ?? []) {
    const parsed = parseIpAddress(ip);
    if (parsed !== undefined && !addresses.has(parsed.family)) addresses.set(parsed.family, parsed.address);
  }
  return addresses;
}

/** Family of the pod's first address; undefined while it has none. */
export function primaryFamilyOf(pod: Pod): IpFamily | undefined {
  const first = pod.status?.podIPs?.[0];
  return first === undefined ? undefined : parseIpAddress(first.ip)?.family;
}
