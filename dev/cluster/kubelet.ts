import { keyOf, type Pod } from '#lib/core/kubernetes.ts';
import { podAddresses } from './address-plan.ts';
import type { ApiClient } from './api-client.ts';
import { NodeHeartbeat } from './node-heartbeat.ts';
import type { NodePlace } from './node-object.ts';
import { PodWorker, type RunPod } from './pod-worker.ts';

/** What all kubelets of a cluster share. */
export interface KubeletDeps {
  readonly api: ApiClient;
  readonly runPod: RunPod;
  readonly onError: (error: Error) => void;
}

const podNumbers = 254;

/** The kubelet of one node: keeps the node alive and runs the pods that are bound to it. */
export class Kubelet {
  readonly node: NodePlace;
  readonly #deps: KubeletDeps;
  readonly #heartbeat: NodeHeartbeat;
  readonly #workers = new Map<string, { readonly worker: PodWorker; readonly number: number }>();
  #isAlive = false;
  #lastNumber = 0;

  constructor(deps: KubeletDeps, node: NodePlace) {
    this.node = node;
    this.#deps = deps;
    this.#heartbeat = new NodeHeartbeat(deps.api, node);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Registers the node, or brings it back after `silence` or `crash`. Pods that still run are reported anew;
   * those that are not among `existing` (keys) went meanwhile, and their programs end.
   */
  async start(existing: ReadonlyMap<string, Pod>): Promise<void> {
    await this.#heartbeat.start();
    this.#isAlive = true;
    for (const key of this.#workers.keys()) if (!existing.has(key)) this.#abandon(key);
    for (const { worker } of this.#workers.values()) void worker.report();
  }

  /** The kubelet is gone and its pods run on: no Lease, no status, no reaction to changes. */
  silence(): void {
    this.#isAlive = false;
    this.#heartbeat.silence();
  }

  /** The node is dead: as `silence`, and its pods' programs end without a word to the API. */
  async crash(): Promise<void> {
    this.silence();
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    await Promise.all(workers.map(({ worker }) => worker.abandon()));
  }

  /** The worker of a pod that runs here. Throws when there is none. */
  worker(key: string): PodWorker {
    const entry = this.#workers.get(key);
    if (entry === undefined) throw new Error(`pod ${key} does not run on node ${this.node.name}`);
    return entry.worker;
  }

  /** Takes notice of a pod that is bound to this node. */
  podStored(pod: Pod): void {
    if (!this.#isAlive) return;
    const known = this.#workers.get(keyOf(pod));
    if (known !== undefined && known.worker.uid === pod.metadata.uid) {
      known.worker.observe(pod);
      return;
    }
    if (known !== undefined) this.#abandon(keyOf(pod));
    const { phase } = pod.status ?? {};
    if (phase !== 'Succeeded' && phase !== 'Failed') this.#admit(pod);
  }

  /** Takes notice that a pod is gone from the API. */
  podDeleted(pod: Pod): void {
    if (this.#isAlive) this.#abandon(keyOf(pod));
  }

  #admit(pod: Pod): void {
    const number = this.#takeNumber();
    const { node } = this;
    const onHost = pod.spec.hostNetwork === true;
    const addresses = onHost ? ([node.address, node.address6] as const) : podAddresses(node, number);
    const worker = new PodWorker({ ...this.#deps, isAlive: () => this.#isAlive }, pod, { node, addresses });
    this.#workers.set(keyOf(pod), { worker, number });
    if (pod.metadata.deletionTimestamp === undefined) void worker.launch();
    else worker.observe(pod);
  }

  #abandon(key: string): void {
    const entry = this.#workers.get(key);
    this.#workers.delete(key);
    void entry?.worker.abandon();
  }

  /** Goes round, so that an address that became free is not given to the next pod at once. */
  #takeNumber(): number {
    const taken = new Set([...this.#workers.values()].map(({ number }) => number));
    for (let step = 1; step <= podNumbers; step++) {
      const number = ((this.#lastNumber + step - 1) % podNumbers) + 1;
      if (taken.has(number)) continue;
      this.#lastNumber = number;
      return number;
    }
    throw new Error(`node ${this.node.name} has no free pod address: it runs ${podNumbers} pods`);
  }
}
