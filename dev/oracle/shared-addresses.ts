import { canonicalJson } from '#lib/core/canonical-json.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '#lib/core/kubernetes.ts';

/**
 * The slices with every address and port said once, as far as it is said in several ways: pods on the host network of a
 * node share its address, and a Service publishes all of them, so that consumers which find one port with two
 * conditions choose at random. A port belongs to those of its pods that are best off: ready, else serving, else not
 * terminating. A pod without any port left is left out.
 */
export function withoutRivals(slices: readonly EndpointSlice[]): readonly EndpointSlice[] {
  const best = new Map<string, number>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints ?? []) {
      for (const claim of claimsOf(slice, endpoint)) {
        best.set(claim, Math.max(best.get(claim) ?? 0, rank(endpoint)));
      }
    }
  }
  return slices.flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) => {
      const isOwn = (port: EndpointPort): boolean =>
        best.get(claimOf(slice, endpoint, port)) === rank(endpoint);
      const kept = portsOf(slice).filter(isOwn);
      return kept.length === 0 ? [] : [{ ...slice, ports: kept.filter(isPort), endpoints: [endpoint] }];
    }),
  );
}

/** Stands for the address alone, where there are no ports. */
const NO_PORT: EndpointPort = {};

function isPort(port: EndpointPort): boolean {
  return port !== NO_PORT;
}

function portsOf({ ports }: EndpointSlice): readonly EndpointPort[] {
  // The API server writes an absent list as null.
  return (ports ?? []).length === 0 ? [NO_PORT] : (ports ?? []);
}

function claimsOf(slice: EndpointSlice, endpoint: Endpoint): readonly string[] {
  return portsOf(slice).map((port) => claimOf(slice, endpoint, port));
}

function claimOf({ addressType }: EndpointSlice, { addresses }: Endpoint, port: EndpointPort): string {
  return canonicalJson({ addressType, addresses, port });
}

function rank({ conditions }: Endpoint): number {
  return (conditions?.ready ? 4 : 0) + (conditions?.serving ? 2 : 0) + (conditions?.terminating ? 0 : 1);
}
