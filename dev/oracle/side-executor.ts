import { assertNever } from '#lib/core/assert-never.ts';
import type { Pod } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import type { Change } from './change.ts';
import { podManifest, podMetadata, podStatus } from './pod-manifest.ts';
import { type PodModel, SERVICE_NAME, type ServiceModel } from './world.ts';

/** How one side of a pair keeps its balancer. */
export interface Balancer {
  /** Path of the collection, such as `/api/v1/namespaces/a/services`. */
  readonly path: string;
  readonly manifest: (service: ServiceModel) => object;
  /** Resolves when what belonged to a deleted balancer is gone. */
  readonly whenGone: () => Promise<void>;
}

/** Deleted pods wait for their kubelet so long; there is none, so they stay until they are removed. */
const GRACE_SECONDS = 3_600;

/** Carries changes out in one namespace, as users and kubelets do. */
export class SideExecutor {
  /** Uid of each pod that stands, by name. */
  readonly podUids = new Map<string, string>();
  readonly #api: ApiClient;
  readonly #pods: string;
  readonly #balancer: Balancer;

  constructor(api: ApiClient, namespace: string, balancer: Balancer) {
    this.#api = api;
    this.#pods = `/api/v1/namespaces/${namespace}/pods`;
    this.#balancer = balancer;
  }

  /** Rejects when the API server does not take the change. */
  async carryOut(change: Change): Promise<void> {
    switch (change.kind) {
      case 'addPod':
        return this.#addPod(change.pod);
      case 'updatePod':
        return this.#updatePod(change.pod, change.what);
      case 'terminatePod':
        return this.#api.delete(`${this.#pods}/${change.name}`, { gracePeriodSeconds: GRACE_SECONDS });
      case 'removePod':
        return this.#removePod(change.name);
      case 'replacePod':
        await this.#removePod(change.pod.name);
        return this.#addPod(change.pod);
      case 'updateService':
        return this.apply(change.service);
      case 'recreateService':
        await this.#api.delete(`${this.#balancer.path}/${SERVICE_NAME}`);
        if (change.isPatient) await this.#balancer.whenGone();
        return this.apply(change.service);
      case 'rezone':
      case 'remakeNode':
      case 'restart':
        throw new Error('nodes and programs belong to no side');
      default:
        return assertNever(change, 'change');
    }
  }

  /** Writes the balancer as its user's manifest says. */
  async apply(service: ServiceModel): Promise<void> {
    await this.#api.apply(`${this.#balancer.path}/${SERVICE_NAME}`, this.#balancer.manifest(service));
  }

  /** Removes the balancer and every pod. */
  async clear(): Promise<void> {
    await this.#api.delete(`${this.#balancer.path}/${SERVICE_NAME}`);
    for (const name of [...this.podUids.keys()]) await this.#removePod(name);
    await this.#balancer.whenGone();
  }

  async #addPod(pod: PodModel): Promise<void> {
    const { metadata } = await this.#api.post<Pod>(this.#pods, podManifest(pod));
    this.podUids.set(pod.name, metadata.uid ?? '');
    const isUntouched = pod.phase === 'Pending' && pod.ips.length === 0;
    if (!isUntouched) await this.#updatePod(pod, 'status');
  }

  async #updatePod(pod: PodModel, what: string): Promise<void> {
    const path = `${this.#pods}/${pod.name}`;
    if (what === 'labels' || what === 'touch')
      await this.#api.mergePatch(path, { metadata: podMetadata(pod) });
    else await this.#api.mergePatch(`${path}/status`, { status: podStatus(pod) });
  }

  async #removePod(name: string): Promise<void> {
    await this.#api.delete(`${this.#pods}/${name}`, { gracePeriodSeconds: 0 });
    this.podUids.delete(name);
  }
}
