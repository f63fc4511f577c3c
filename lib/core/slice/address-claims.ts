import type { EndpointPort } from '#lib/core/kubernetes.ts';
import type { DesiredEndpoint } from '#lib/core/slice/desired-endpoints.ts';

/**
 * Sees to it that every address and port is published with one set of conditions only. Pods on the host network of one
 * node share its address; where two of them resolve to the same port, consumers that see it with different conditions
 * choose at random. The port belongs to those that can serve it best (ready, then serving, then not terminating): as a
 * rule one, and all of them where they say the same. The others keep their remaining ports, and are left out where none
 * remains.
 */
export function settleClaims(endpoints: readonly DesiredEndpoint[]): readonly DesiredEndpoint[] {
  const best = new Map<string, number>();
  for (const endpoint of endpoints) {
    for (const claim of claimsOf(endpoint)) {
      best.set(claim, Math.max(best.get(claim) ?? 0, fitness(endpoint)));
    }
  }
  return endpoints.flatMap((endpoint) => {
    if (endpoint.refusal !== undefined) return [endpoint];
    const { address, ports } = endpoint;
    const isWon = (claim: string): boolean => best.get(claim) === fitness(endpoint);
    const won = ports.filter((port) => isWon(portClaim(address, port)));
    if (won.length === ports.length) return claimsOf(endpoint).every(isWon) ? [endpoint] : [];
    return won.length === 0 ? [] : [{ ...endpoint, ports: won }];
  });
}

/** Where there are no ports, the address alone counts. */
function claimsOf({ address, ports }: DesiredEndpoint): readonly string[] {
  return ports.length === 0 ? [address] : ports.map((port) => portClaim(address, port));
}

function portClaim(address: string, { name, protocol, port }: EndpointPort): string {
  return `${address} ${name} ${protocol} ${port}`;
}

function fitness({ conditions }: DesiredEndpoint): number {
  return (conditions.ready ? 4 : 0) + (conditions.serving ? 2 : 0) + (conditions.terminating ? 0 : 1);
}
