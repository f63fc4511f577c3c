import type { Pod, Service } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../../dev/cluster/api-client.ts';
import type { ControlPlane } from '../../dev/cluster/control-plane.ts';
import type { PodPlacement, PodProgram } from '../../dev/cluster/pod-worker.ts';
import type { ExitStatus, ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../../dev/process/wait-for.ts';
import { type ImageConfig, startContainer } from './image-container.ts';
import { environmentOf, type PodContainer, type StoredPod, withVariables } from './pod-container.ts';
import { projectVolumes } from './projected-volumes.ts';
import type { RegistryView } from './release-images.ts';

/** A container that runs. */
export interface RunningContainer {
  readonly pod: string;
  readonly name: string;
  readonly image: string;
  readonly process: ManagedProcess;
}

/** A container has become ready, or is asked to end. */
export interface ContainerStep {
  readonly kind: 'ready' | 'ending';
  readonly name: string;
}

export interface ImagePodsOptions {
  readonly host: ProcessHost;
  readonly view: RegistryView;
  /** Images of this registry are run; others are nowhere, and their containers are called ready without a program. */
  readonly registry: string;
  /** Resolves when there is an API server, which is before there is any pod. */
  readonly controlPlane: Promise<ControlPlane>;
}

/**
 * Runs pods from their images as a kubelet does: root, entry point and user of the image; arguments, environment and
 * projected volumes of the pod as it is stored; ready when its probes say so.
 */
export class ImagePods {
  readonly #options: ImagePodsOptions;
  readonly #roots = new Map<string, Promise<{ readonly root: string; readonly image: ImageConfig }>>();
  readonly #running = new Set<RunningContainer>();
  readonly #steps: ContainerStep[] = [];
  readonly #faults: string[] = [];

  constructor(options: ImagePodsOptions) {
    this.#options = options;
  }

  running(): readonly RunningContainer[] {
    return [...this.#running];
  }

  /** In their order. */
  steps(): readonly ContainerStep[] {
    return this.#steps;
  }

  /** Programs that ended unasked, or otherwise than with exit status 0. */
  faults(): readonly string[] {
    return this.#faults;
  }

  /** For a kubelet; nothing for pods without an image of the registry. */
  readonly run = async (found: Pod, placement: PodPlacement): Promise<PodProgram | undefined> => {
    // The API server has stored it, so these fields are there.
    const pod = found as StoredPod;
    const ours = pod.spec.containers.filter(({ image }) => image.startsWith(`${this.#options.registry}/`));
    if (ours.length === 0) return undefined;
    const started = await Promise.all(ours.map((container) => this.#start(pod, container, placement)));
    const stop = async () => {
      await Promise.all(started.map((one) => this.#stop(one, pod.spec.terminationGracePeriodSeconds)));
    };
    return pod.spec.restartPolicy === 'Always' ? { stop } : { stop, finished: this.#finished(started) };
  };

  /** How the work of a pod has ended that is started once. */
  async #finished(started: readonly RunningContainer[]): Promise<'Succeeded' | 'Failed'> {
    const statuses = await Promise.all(started.map(({ process }) => process.exited));
    for (const one of started) this.#running.delete(one);
    return statuses.every(isSuccess) ? 'Succeeded' : 'Failed';
  }

  async #start(pod: StoredPod, container: PodContainer, placement: PodPlacement): Promise<RunningContainer> {
    const { host } = this.#options;
    const { root, image } = await this.#pull(container.image);
    const { api } = await this.#options.controlPlane;
    const env = { ...(await apiServerPlace(api)), ...environmentOf(pod, container, placement) };
    const { runAsUser, runAsGroup = runAsUser } = pod.spec.securityContext;
    const process = await startContainer(host, {
      name: pod.metadata.name,
      root,
      user: runAsUser === undefined ? image.config.User : `${runAsUser}:${runAsGroup}`,
      command: [
        ...(container.command ?? image.config.Entrypoint),
        ...(container.args ?? []).map((arg) => withVariables(arg, env)),
      ],
      env,
      // A container runtime mounts it unasked, and Node's own metrics come from it.
      mounts: { '/proc': '/proc', ...(await projectVolumes({ host, api }, { pod, container, placement })) },
      ...(placement.node.netns !== undefined && { netns: placement.node.netns }),
    });
    const { name } = container;
    const running = { pod: pod.metadata.name, name, image: container.image, process };
    await untilReady(running, container, placement);
    this.#running.add(running);
    this.#steps.push({ kind: 'ready', name });
    return running;
  }

  async #stop(running: RunningContainer, graceSeconds: number): Promise<void> {
    const { pod, name, process } = running;
    if (!this.#running.delete(running)) return;
    this.#steps.push({ kind: 'ending', name });
    if (!process.isRunning()) this.#faults.push(`${pod} ended unasked:\n${process.logTail()}`);
    const status = await process.stop('SIGTERM', graceSeconds * 1000);
    if (isSuccess(status)) return;
    this.#faults.push(`${pod} ended with ${JSON.stringify(status)}:\n${process.logTail()}`);
  }

  #pull(reference: string) {
    const { host, view } = this.#options;
    const pull = async () => {
      const root = host.directory(`image-${this.#roots.size}`, 0o755);
      await view.unpack(reference, root);
      return { root, image: await view.document<ImageConfig>('config', reference) };
    };
    const pulled = this.#roots.get(reference) ?? pull();
    this.#roots.set(reference, pulled);
    return pulled;
  }
}

function isSuccess(status: ExitStatus): boolean {
  return status.kind === 'exited' && status.code === 0;
}

/** What every container's environment says of the Service `kubernetes`. */
async function apiServerPlace(api: ApiClient): Promise<Readonly<Record<string, string>>> {
  const { spec } = await api.get<Service>('/api/v1/namespaces/default/services/kubernetes');
  return {
    KUBERNETES_SERVICE_HOST: spec.clusterIP ?? '',
    KUBERNETES_SERVICE_PORT: String(spec.ports?.[0]?.port),
  };
}

/** Asks the container's probes until all pass; a kubelet would go on asking. */
async function untilReady(
  { pod, process }: RunningContainer,
  { ports = [], readinessProbe, livenessProbe }: PodContainer,
  { addresses }: PodPlacement,
): Promise<void> {
  for (const probe of [livenessProbe, readinessProbe].filter((one) => one !== undefined)) {
    const get = probe.httpGet;
    if (get === undefined) throw new Error(`pod ${pod} has a probe that this kubelet does not know`);
    const port = ports.find(({ name }) => name === get.port)?.containerPort ?? get.port;
    await waitFor(`${pod} to answer ${get.path} (log ${process.logFile})`, async () => {
      if (!process.isRunning()) throw new GiveUpError(`${pod} ended at start:\n${process.logTail()}`);
      return (await fetch(`http://${addresses[0]}:${port}${get.path}`)).ok ? true : undefined;
    });
  }
}
