import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, type Pod } from '#lib/core/kubernetes.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import type { NodePlace } from './node-object.ts';
import { type ContainerRun, lastingContainers, type PodRun, podStatus } from './pod-status.ts';

/** Where a pod runs. */
export interface PodPlacement {
  readonly node: NodePlace;
  /** The pod's addresses, IPv4 first. Local in the node's namespace. */
  readonly addresses: readonly [string, string];
}

/** The programs behind one pod. */
export interface PodProgram {
  /** Ends them; the pod terminates until this resolves. */
  stop(): Promise<void>;
  /** Containers that are not ready at first. */
  readonly notReady?: readonly string[];
  /** Of a pod whose work ends: how it ended. */
  readonly finished?: Promise<'Succeeded' | 'Failed'>;
}

/** Starts the programs of a pod; `undefined` for a pod behind which nothing runs. */
export type RunPod = (pod: Pod, placement: PodPlacement) => Promise<PodProgram | undefined>;

/** What a worker needs of its kubelet. */
export interface PodWorkerDeps {
  readonly api: ApiClient;
  readonly runPod: RunPod;
  /** A kubelet that is silent writes nothing. */
  readonly isAlive: () => boolean;
  readonly onError: (error: Error) => void;
}

/** Runs one pod on its node and reports its status. Its actions never overlap. */
export class PodWorker {
  readonly #deps: PodWorkerDeps;
  readonly #placement: PodPlacement;
  #pod: Pod;
  #run: PodRun;
  #program: PodProgram | undefined;
  #isTerminating = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(deps: PodWorkerDeps, pod: Pod, placement: PodPlacement) {
    this.#deps = deps;
    this.#pod = pod;
    this.#placement = placement;
    this.#run = {
      phase: 'Running',
      addresses: placement.addresses,
      hostAddresses: [placement.node.address, placement.node.address6],
      startTime: new Date().toISOString(),
      containers: new Map(),
    };
  }

  get uid(): string | undefined {
    return this.#pod.metadata.uid;
  }

  /** Starts the programs and reports the pod running. */
  launch(): Promise<void> {
    return this.#next(async () => {
      this.#program = await this.#deps.runPod(this.#pod, this.#placement);
      const notReady = new Set(this.#program?.notReady);
      const names = lastingContainers(this.#pod).map(({ name }) => name);
      const containers = names.map((name) => [name, newContainer(0, !notReady.has(name))] as const);
      this.#run = { ...this.#run, containers: new Map(containers) };
      await this.#write();
      void this.#program?.finished?.then((phase) => this.finish(phase));
    });
  }

  /** Takes notice of the pod's present state: it may have to stop, or a readiness gate may have changed. */
  observe(pod: Pod): void {
    if (versionOf(pod) < versionOf(this.#pod)) return;
    this.#pod = pod;
    const isLaunched = this.#run.containers.size > 0;
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
    else if (isLaunched && this.#readyAsComputed() !== readyOf(pod.status)) void this.report();
  }

  /** Writes the status, whatever the API holds. */
  report(): Promise<void> {
    return this.#next(() => this.#write());
  }

  /** Changes one container and reports. Rejects when there is no such container. */
  changeContainer(name: string, change: (container: ContainerRun) => ContainerRun): Promise<void> {
    return this.#next(async () => {
      const container = this.#run.containers.get(name);
      if (container === undefined) throw new Error(`pod ${keyOf(this.#pod)} has no container ${name}`);
      const containers = new Map(this.#run.containers).set(name, change(container));
      this.#run = { ...this.#run, containers };
      await this.#write();
    });
  }

  /** Ends all containers for good, as when the pod's work is done or has failed. */
  finish(phase: 'Succeeded' | 'Failed'): Promise<void> {
    return this.#next(async () => {
      await this.#stopProgram();
      this.#run = { ...this.#run, phase };
      await this.#write();
    });
  }

  /** Ends the programs without a word to the API. */
  abandon(): Promise<void> {
    return this.#next(() => this.#stopProgram());
  }

  #terminate(): void {
    if (this.#isTerminating) return;
    this.#isTerminating = true;
    void this.#next(async () => {
      await this.#stopProgram();
      this.#run = { ...this.#run, phase: 'Succeeded' };
      await this.#write();
      const { namespace = 'default', name, uid } = this.#pod.metadata;
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      await this.#persist(() =>
        this.#deps.api.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, options),
      );
    });
  }

  async #stopProgram(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    await program?.stop();
  }

  /** Appends an action. The caller sees its failure, the kubelet hears of it, the following actions do not. */
  #next(action: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(action);
    this.#tail = done.catch((error: unknown) => {
      const message = `pod ${keyOf(this.#pod)} on node ${this.#placement.node.name} failed`;
      this.#deps.onError(new Error(message, { cause: error }));
    });
    done.catch(() => undefined);
    return done;
  }

  #readyAsComputed(): string | undefined {
    return readyOf(podStatus(this.#pod, this.#run, ''));
  }

  /** The uid keeps the status away from a later pod of the same name. */
  async #write(): Promise<void> {
    const { namespace = 'default', name, uid } = this.#pod.metadata;
    const status = podStatus(this.#pod, this.#run, new Date().toISOString());
    await this.#persist(async () => {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
      this.#pod = await this.#deps.api.strategicPatch<Pod>(path, { metadata: { uid }, status });
    });
  }

  /** Repeats a write while the API server is away and the kubelet lives. A pod that is gone is fine. */
  async #persist(write: () => Promise<void>): Promise<void> {
    while (this.#deps.isAlive()) {
      try {
        return await write();
      } catch (error) {
        const status = error instanceof ApiError ? error.status : 0;
        if (status === 404 || status === 409) return;
        if (status >= 400 && status < 429) throw error;
        await sleep(200);
      }
    }
  }
}

/** A container's first or next run. */
export function newContainer(restartCount: number, ready: boolean): ContainerRun {
  return { id: `process://${randomUUID()}`, startedAt: new Date().toISOString(), restartCount, ready };
}

function readyOf(status: Pod['status']): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** Versions of one resource are ordered numbers. */
function versionOf(pod: Pod): number {
  return Number(pod.metadata.resourceVersion ?? 0);
}
