import { keyOf, type ObjectRef, type Pod } from '#lib/core/kubernetes.ts';
import { waitFor } from '../process/wait-for.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { Kubelet } from './kubelet.ts';
import type { NodePlace } from './node-object.ts';
import { newContainer, type PodWorker, type RunPod } from './pod-worker.ts';
import { type ObjectChange, watchObjects } from './resource-watch.ts';
import { fewestPods, type ScheduleRule } from './scheduler.ts';

/** How pods are placed and run; all have defaults. */
export interface KubeletsOptions {
  /** Default: nothing runs behind a pod. */
  readonly runPod?: RunPod;
  /** Default: the fitting node with the fewest pods. */
  readonly schedule?: ScheduleRule;
  /** Told of every pod that could not be started or reported. Default: standard error. */
  readonly onError?: (error: Error) => void;
}

/** The kubelets of all nodes of a cluster, and its scheduler. Real API objects, real programs, no containers. */
export class Kubelets {
  readonly #api: ApiClient;
  readonly #options: Required<KubeletsOptions>;
  readonly #kubelets = new Map<string, Kubelet>();
  readonly #pods = new Map<string, Pod>();
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;

  constructor(api: ApiClient, options: KubeletsOptions = {}) {
    this.#api = api;
    this.#options = {
      runPod: options.runPod ?? (async () => undefined),
      schedule: options.schedule ?? fewestPods,
      onError: options.onError ?? ((error) => console.error(error)),
    };
    this.#watching = watchObjects<Pod>(api, '/api/v1/pods', {
      onChange: (change) => this.#onChange(change),
      signal: this.#stopped.signal,
    });
  }

  /** Registers a node and runs the pods that are bound to it. */
  async addNode(node: NodePlace): Promise<void> {
    const { runPod, onError } = this.#options;
    this.#kubelets.set(node.name, new Kubelet({ api: this.#api, runPod, onError }, node));
    await this.revive(node.name);
  }

  /** The node's kubelet is gone; its pods run on. */
  silence(node: string): void {
    this.#kubelet(node).silence();
  }

  /** The node is dead, and with it the programs of its pods. */
  crash(node: string): Promise<void> {
    return this.#kubelet(node).crash();
  }

  /** Brings a node back; its pods keep their names and start again where they had ended. */
  async revive(node: string): Promise<void> {
    const kubelet = this.#kubelet(node);
    await kubelet.start(this.#pods);
    for (const pod of this.#pods.values()) this.#place(pod);
  }

  /** Takes a node out of the cluster: the programs of its pods end and the Node object goes. */
  async removeNode(node: string): Promise<void> {
    await this.crash(node);
    this.#kubelets.delete(node);
    await this.#api.delete(`/api/v1/nodes/${node}`);
  }

  /**
   * Creates a pod from a manifest whose `spec` may leave out the image of its containers, and waits until it
   * runs. A `spec.nodeName` binds it; else it is scheduled.
   */
  async createPod(manifest: PodManifest): Promise<Pod> {
    const { namespace } = manifest.metadata;
    const containers = manifest.spec.containers.map((container) => ({ image: 'none', ...container }));
    const spec = { automountServiceAccountToken: false, ...manifest.spec, containers };
    await this.#api.post(`/api/v1/namespaces/${namespace}/pods`, { ...manifest, spec });
    const ref = manifest.metadata;
    return this.waitForPod(ref, 'run', ({ status }) => status?.phase === 'Running');
  }

  /** Waits until a pod is as wanted; `what` completes the sentence "waited for pod x to …". */
  waitForPod(ref: ObjectRef, what: string, isWanted: (pod: Pod) => boolean): Promise<Pod> {
    return waitFor(`pod ${ref.namespace}/${ref.name} to ${what}`, async () => {
      const pod = await this.#api.get<Pod>(pathOf(ref));
      return isWanted(pod) ? pod : undefined;
    });
  }

  /** Makes a container ready or not, as a readiness probe would. Resolves when the status is written. */
  setContainerReady(ref: ObjectRef, container: string, ready: boolean): Promise<void> {
    return this.#worker(ref).changeContainer(container, (run) => ({ ...run, ready }));
  }

  /** Gives a container a next run: another id and start time, one more restart. The program is the caller's. */
  restartContainer(ref: ObjectRef, container: string, ready = true): Promise<void> {
    return this.#worker(ref).changeContainer(container, (run) => newContainer(run.restartCount + 1, ready));
  }

  /** Ends a pod's containers for good. */
  finishPod(ref: ObjectRef, phase: 'Succeeded' | 'Failed'): Promise<void> {
    return this.#worker(ref).finish(phase);
  }

  /** Deletes a pod gracefully: it terminates while its programs stop. Resolves when it is gone. */
  async terminatePod(ref: ObjectRef, gracePeriodSeconds = 30): Promise<void> {
    const { metadata } = await this.#api.get<Pod>(pathOf(ref));
    await this.#api.delete(pathOf(ref), { gracePeriodSeconds });
    await waitFor(`pod ${ref.namespace}/${ref.name} to be gone`, async () => {
      const gone = await this.#api.get<Pod>(pathOf(ref)).then(
        (pod) => pod.metadata.uid !== metadata.uid,
        (error: unknown) => error instanceof ApiError && error.status === 404,
      );
      return gone || undefined;
    });
  }

  /** Stops watching and renewing, and the programs of all pods. The API objects stay. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    await Promise.all([...this.#kubelets.values()].map((kubelet) => kubelet.crash()));
  }

  #kubelet(node: string): Kubelet {
    const kubelet = this.#kubelets.get(node);
    if (kubelet === undefined) throw new Error(`no node ${node} was added`);
    return kubelet;
  }

  #worker(ref: ObjectRef): PodWorker {
    const key = `${ref.namespace}/${ref.name}`;
    const node = this.#pods.get(key)?.spec.nodeName;
    if (node === undefined) throw new Error(`pod ${key} runs on no node`);
    return this.#kubelet(node).worker(key);
  }

  #onChange({ kind, object: pod }: ObjectChange<Pod>): void {
    const key = keyOf(pod);
    if (kind === 'stored') {
      this.#pods.set(key, pod);
      this.#place(pod);
    } else {
      this.#pods.delete(key);
      this.#kubelets.get(pod.spec.nodeName ?? '')?.podDeleted(pod);
    }
  }

  #place(pod: Pod): void {
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) this.#kubelets.get(nodeName)?.podStored(pod);
    else if (pod.metadata.deletionTimestamp === undefined) this.#bind(pod);
  }

  #bind(pod: Pod): void {
    const { namespace = 'default', name, uid } = pod.metadata;
    const target = this.#options.schedule(pod, this.#candidates());
    if (target === undefined) return;
    // Counted at once, so that the next pod of a burst finds the node fuller.
    this.#pods.set(keyOf(pod), { ...pod, spec: { ...pod.spec, nodeName: target } });
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: target },
    };
    this.#api
      .post(`/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding)
      .catch((error: unknown) => {
        // Bound or gone meanwhile.
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
        this.#options.onError(new Error(`bind pod ${keyOf(pod)} to node ${target} failed`, { cause: error }));
      });
  }

  #candidates(): readonly { readonly node: NodePlace; readonly podCount: number }[] {
    const names = [...this.#pods.values()].map((pod) => pod.spec.nodeName);
    return [...this.#kubelets.values()]
      .filter(({ isAlive }) => isAlive)
      .map(({ node }) => ({ node, podCount: names.filter((name) => name === node.name).length }));
  }
}

/** A pod to create: what the API takes, with the image left out where nothing reads it. */
export interface PodManifest {
  readonly metadata: ObjectRef & {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Pod['spec'] & Readonly<Record<string, unknown>>;
}

function pathOf({ namespace, name }: ObjectRef): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}
