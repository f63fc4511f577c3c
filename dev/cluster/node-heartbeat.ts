import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '#lib/core/kubernetes.ts';
import type { ApiClient } from './api-client.ts';
import { type NodePlace, nodeLease, nodeObject, readyNodeStatus } from './node-object.ts';

/** Pause between two renewals of a node's Lease, in milliseconds. Real kubelets: 10 s of a grace of 40 s or more. */
const renewPeriodMs = 3_000;

/** Registers a node and renews its Lease until it is silenced. */
export class NodeHeartbeat {
  readonly #api: ApiClient;
  readonly #node: NodePlace;
  #beating: AbortController | undefined;

  constructor(api: ApiClient, node: NodePlace) {
    this.#api = api;
    this.#node = node;
  }

  /** Registers the node, or reports it ready again, and starts renewing. */
  async start(): Promise<void> {
    const path = `/api/v1/nodes/${this.#node.name}`;
    const { metadata } = await this.#api.apply<Node>(path, nodeObject(this.#node), 'kubelet');
    const uid = metadata.uid ?? '';
    await this.#renew(uid);
    await this.#reportReady();
    this.silence();
    this.#beating = new AbortController();
    void this.#beat(uid, this.#beating.signal);
  }

  /** Stops renewing: to the cluster the node is dead. */
  silence(): void {
    this.#beating?.abort();
  }

  async #beat(uid: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(renewPeriodMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // The API server may be away; the next renewal is another chance.
      await this.#renewAndRecover(uid).catch(() => undefined);
    }
  }

  /** A kubelet whose node was called Unknown while the API server was away says that it is ready. */
  async #renewAndRecover(uid: string): Promise<void> {
    await this.#renew(uid);
    const { status } = await this.#api.get<Node>(`/api/v1/nodes/${this.#node.name}`);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') await this.#reportReady();
  }

  async #reportReady(): Promise<void> {
    const status = readyNodeStatus(this.#node, new Date().toISOString());
    await this.#api.strategicPatch(`/api/v1/nodes/${this.#node.name}/status`, status);
  }

  async #renew(uid: string): Promise<void> {
    const { name } = this.#node;
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
    await this.#api.apply(path, nodeLease(name, uid, new Date().toISOString()), 'kubelet');
  }
}
