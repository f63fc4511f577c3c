import { nodeAddresses } from '../cluster/address-plan.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import type { Network } from '../cluster/network.ts';
import { type NodePlace, nodeObject, readyNodeStatus } from '../cluster/node-object.ts';
import { NODE_NAMES, type NodeName, type Nodes } from './world.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** A range that is meant for benchmarks and routed nowhere. */
export const LOOPBACK_BLOCK = '198.18';

/** The Node objects of a rig, which nobody but it keeps: there are no kubelets. */
export class RigNodes {
  readonly places: readonly NodePlace[];
  readonly #api: ApiClient;
  #nodes: Nodes = {};

  private constructor(api: ApiClient, places: readonly NodePlace[]) {
    this.#api = api;
    this.places = places;
  }

  /** Makes them, ready and in two zones; in the network, if there is one. */
  static async make(api: ApiClient, network: Network | undefined): Promise<RigNodes> {
    const places: NodePlace[] = [];
    for (const [index, name] of NODE_NAMES.entries()) {
      const addresses = network
        ? await network.addNode(name)
        : nodeAddresses(LOOPBACK_BLOCK, index + 1, name);
      places.push({ ...addresses, zone: `zone-${'aab'.charAt(index)}`, unschedulable: false, labels: {} });
    }
    const nodes = new RigNodes(api, places);
    for (const [index, { zone }] of places.entries())
      await nodes.restore(NODE_NAMES[index] ?? 'node-1', zone);
    return nodes;
  }

  now(): Nodes {
    return this.#nodes;
  }

  /** Sets or removes the zone label of a node. */
  async rezone(node: NodeName, zone: string | undefined): Promise<void> {
    await this.#api.mergePatch(`/api/v1/nodes/${node}`, {
      metadata: { labels: { [ZONE_LABEL]: zone ?? null } },
    });
    this.#note(node, zone);
  }

  /** Deletes the object; what runs on the node goes on running. */
  async drop(node: NodeName): Promise<void> {
    await this.#api.delete(`/api/v1/nodes/${node}`);
    const { [node]: _, ...others } = this.#nodes;
    this.#nodes = others;
  }

  /** Makes the object, with this zone. */
  async restore(node: NodeName, zone: string | undefined): Promise<void> {
    const place = this.places.find(({ name }) => name === node);
    if (place === undefined) throw new Error(`bug: no node ${node}`);
    // An empty zone is none to whoever reads it.
    await this.#api.post('/api/v1/nodes', nodeObject({ ...place, zone: zone ?? '' }));
    const status = readyNodeStatus(place, '2026-01-01T00:00:00Z');
    await this.#api.strategicPatch(`/api/v1/nodes/${node}/status`, status);
    this.#note(node, zone);
  }

  #note(node: NodeName, zone: string | undefined): void {
    this.#nodes = { ...this.#nodes, [node]: zone === undefined ? {} : { zone } };
  }
}
