import type { EndpointSlice, Node } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/**
 * Endpoints in the slices by the node that they name, for each node that is not lost, also for one without endpoints:
 * on each of them an agent is due. Endpoints of other nodes count nowhere.
 */
export function countNodeEndpoints(
  nodes: readonly Node[],
  slices: readonly EndpointSlice[],
): ReadonlyMap<string, number> {
  const counts = new Map(
    nodes
      .filter((node) => !nodeFacts(node.metadata.name, node).isLost)
      .map(({ metadata }) => [metadata.name, 0]),
  );
  for (const { nodeName = '' } of slices.flatMap(endpointsOf)) {
    const count = counts.get(nodeName);
    if (count !== undefined) counts.set(nodeName, count + 1);
  }
  return counts;
}
