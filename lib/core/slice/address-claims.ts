import { compareText } from '#lib/core/canonical-json.ts';
import type { EndpointPort } from '#lib/core/kubernetes.ts';
import type { DesiredEndpoint } from '#lib/core/slice/desired-endpoints.ts';

/**
 * Gives every address and port to one endpoint only. Pods on the host network of one node share its address; where
 * two of them resolve to the same port, consumers that see it with different conditions choose at random.
 * The port goes to the pod that can serve it best (ready, then serving, then not terminating, then by uid).
 * The other keeps its remaining ports, and is left out where none remains.
 */
export function settleClaims(endpoints: readonly DesiredEndpoint[]): readonly DesiredEndpoint[] {
  const claimed = new Set<string>();
  const settled = new Map<string, DesiredEndpoint>();
  for (const endpoint of endpoints.toSorted(byFitness)) {
    const won = claimPorts(endpoint, claimed);
    if (won !== undefined) settled.set(endpoint.key, won);
  }
  return endpoints.flatMap(({ key }) => settled.get(key) ?? []);
}

function claimPorts(endpoint: DesiredEndpoint, claimed: Set<string>): DesiredEndpoint | undefined {
  const { address, ports } = endpoint;
  if (ports.length === 0) return claim(address, claimed) ? endpoint : undefined;
  const won = ports.filter((port) => claim(`${address} ${portKey(port)}`, claimed));
  if (won.length === ports.length) return endpoint;
  return won.length === 0 ? undefined : { ...endpoint, ports: won };
}

function claim(what: string, claimed: Set<string>): boolean {
  if (claimed.has(what)) return false;
  claimed.add(what);
  return true;
}

function portKey({ name, protocol, port }: EndpointPort): string {
  return `${name} ${protocol} ${port}`;
}

function byFitness(a: DesiredEndpoint, b: DesiredEndpoint): number {
  return fitness(b) - fitness(a) || compareText(a.key, b.key);
}

function fitness({ conditions }: DesiredEndpoint): number {
  return (conditions.ready ? 4 : 0) + (conditions.serving ? 2 : 0) + (conditions.terminating ? 0 : 1);
}
