import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '#lib/core/kubernetes.ts';
import { isPodReady } from '#lib/core/pod/pod-readiness.ts';
import type { Cluster } from '../../dev/cluster/cluster.ts';
import type { PodProgram } from '../../dev/cluster/pod-worker.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { ObjectWatch, type RecordedChange } from '../../dev/workload/object-watch.ts';

/** Pods of one workload that are replaced as a Deployment with these two at 25 % replaces them. */
const MAX_SURGE = 0.25;
const MAX_UNAVAILABLE = 0.25;

/** How long a container takes to become ready after its pod has an address, and to end, milliseconds. */
const STARTS_WITHIN = { least: 1_000, most: 4_000 };
const ENDS_WITHIN = { least: 1_000, most: 3_000 };

/** Requests to the API server at a time, and the pause between two looks. */
const AT_ONCE = 16;
const LOOK_MS = 50;

/** What runs behind every pod: nothing, for as long as a program takes to end. */
export const slowToEnd: PodProgram = {
  notReady: ['main'],
  stop: () => delay(anyOf(ENDS_WITHIN)),
};

/** So many pods, spread evenly over the nodes, that can be replaced by new ones. */
export class RollingPods {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #count: number;
  readonly #pods: ObjectWatch<Pod>;
  readonly #started = new Set<string>();
  #generation = 0;
  #number = 0;

  constructor(cluster: Cluster, namespace: string, count: number) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#count = count;
    this.#pods = new ObjectWatch(cluster.controlPlane.api, `/api/v1/namespaces/${namespace}/pods`);
  }

  /** Replaces all pods, the first time none; resolves when the new ones are ready and the others gone. */
  async roll(): Promise<void> {
    this.#generation += 1;
    await waitFor(
      `generation ${this.#generation} of the pods to be ready`,
      async () => {
        this.#startContainers();
        return (await this.#step()) ? true : undefined;
      },
      { deadlineMs: 600_000, intervalMs: LOOK_MS },
    );
  }

  /** Everything that a watcher was told about them, oldest first. */
  changes(): readonly RecordedChange<Pod>[] {
    return this.#pods.changes();
  }

  /** Ends the watch. */
  stop(): void {
    this.#pods.stop();
  }

  /** Creates and deletes as many pods as the limits allow; true when nothing is left to do. */
  async #step(): Promise<boolean> {
    const all = this.#pods.all();
    const alive = all.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const fresh = alive.filter((pod) => this.#isFresh(pod));
    const former = alive.filter((pod) => !this.#isFresh(pod));
    const available = alive.filter(isPodReady).length;
    const room = Math.floor(this.#count * (1 + MAX_SURGE)) - alive.length;
    const toCreate = Math.min(this.#count - fresh.length, room);
    const toDelete = Math.max(0, available - Math.ceil(this.#count * (1 - MAX_UNAVAILABLE)));
    await inParallel(Array.from({ length: Math.max(0, toCreate) }), () => this.#create());
    await inParallel(former.slice(0, toDelete), (pod) => this.#delete(pod));
    return all.length === this.#count && fresh.length === this.#count && available === this.#count;
  }

  async #create(): Promise<void> {
    const { controlPlane, nodes } = this.#cluster;
    this.#number += 1;
    const suffix = `${this.#number.toString(36).padStart(4, '0')}x`;
    const node = nodes[this.#number % nodes.length];
    const name = `web-7d4f9c6b5${this.#generation}-${suffix}`;
    const metadata = { name, labels: { app: 'web', generation: String(this.#generation) } };
    const containers = [{ name: 'main', image: 'none', ports: [{ containerPort: 8080 }] }];
    const spec = { nodeName: node?.name, automountServiceAccountToken: false, containers };
    const created = await controlPlane.api.post<Pod>(this.#path(), { metadata, spec });
    await waitFor(`the watch to tell of pod ${name}`, async () => this.#pods.get(created.metadata.name));
  }

  async #delete({ metadata: { name } }: Pod): Promise<void> {
    await this.#cluster.controlPlane.api.delete(this.#path(name), { gracePeriodSeconds: 30 });
    await waitFor(`the watch to tell of the deletion of pod ${name}`, async () => {
      const pod = this.#pods.get(name);
      return pod === undefined || pod.metadata.deletionTimestamp !== undefined ? true : undefined;
    });
  }

  #startContainers(): void {
    for (const { metadata, status } of this.#pods.all()) {
      const uid = metadata.uid ?? '';
      if (status?.podIPs === undefined || this.#started.has(uid)) continue;
      this.#started.add(uid);
      void this.#startContainer(metadata.name);
    }
  }

  async #startContainer(name: string): Promise<void> {
    await delay(anyOf(STARTS_WITHIN));
    await this.#cluster.kubelets.setContainerReady({ namespace: this.#namespace, name }, 'main', true);
  }

  #isFresh({ metadata }: Pod): boolean {
    return metadata.labels?.['generation'] === String(this.#generation);
  }

  #path(name?: string): string {
    const path = `/api/v1/namespaces/${this.#namespace}/pods`;
    return name === undefined ? path : `${path}/${name}`;
  }
}

function anyOf({ least, most }: { readonly least: number; readonly most: number }): number {
  return least + Math.random() * (most - least);
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items.keys()];
  const work = async (): Promise<void> => {
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      // The index is one of the list's own.
      await act(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
