import type { Container, ContainerStatus, Pod, PodCondition } from '#lib/core/kubernetes.ts';

/** What a kubelet knows of one container. */
export interface ContainerRun {
  readonly id: string;
  readonly startedAt: string;
  readonly restartCount: number;
  readonly ready: boolean;
}

/** What a kubelet knows of one pod on its node. */
export interface PodRun {
  readonly phase: 'Running' | 'Succeeded' | 'Failed';
  /** IPv4 first. */
  readonly addresses: readonly string[];
  readonly hostAddresses: readonly string[];
  readonly startTime: string;
  /** By name; the sidecars among the init containers too. */
  readonly containers: ReadonlyMap<string, ContainerRun>;
}

/** The containers that run as long as the pod: the ordinary ones and the sidecars. */
export function lastingContainers(pod: Pod): readonly Container[] {
  return [...sidecarsOf(pod), ...pod.spec.containers];
}

/**
 * `status` of a pod as its kubelet reports it. A condition keeps its transition time while its status stays.
 * Ready = all lasting containers ready, and all readiness gates true; a pod that has ended is not ready.
 */
export function podStatus(pod: Pod, run: PodRun, now: string): NonNullable<Pod['status']> {
  const isRunning = run.phase === 'Running';
  const containersReady =
    isRunning && lastingContainers(pod).every(({ name }) => run.containers.get(name)?.ready === true);
  const ready = containersReady && gatesAreTrue(pod);
  const conditions = [
    condition('PodReadyToStartContainers', isRunning),
    condition('Initialized', true),
    condition('Ready', ready),
    condition('ContainersReady', containersReady),
    condition('PodScheduled', true),
  ].map((wanted) => keepTransitionTime(wanted, pod, now));
  const sidecars = sidecarsOf(pod);
  return {
    phase: run.phase,
    startTime: run.startTime,
    ...(run.addresses[0] !== undefined && { podIP: run.addresses[0] }),
    podIPs: run.addresses.map((ip) => ({ ip })),
    ...hostFields(run),
    conditions,
    containerStatuses: pod.spec.containers.map((container) => containerStatus(container, run)),
    ...(sidecars.length > 0 && {
      initContainerStatuses: sidecars.map((container) => containerStatus(container, run)),
    }),
  };
}

function sidecarsOf(pod: Pod): readonly Container[] {
  return (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
}

function gatesAreTrue(pod: Pod): boolean {
  return (pod.spec.readinessGates ?? []).every(({ conditionType }) =>
    pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
}

function condition(type: string, holds: boolean): PodCondition {
  return { type, status: holds ? 'True' : 'False' };
}

function keepTransitionTime(wanted: PodCondition, pod: Pod, now: string): PodCondition {
  const known = pod.status?.conditions?.find(({ type }) => type === wanted.type);
  const time = known?.status === wanted.status ? known.lastTransitionTime : undefined;
  return { ...wanted, lastTransitionTime: time ?? now };
}

function containerStatus({ name }: Container, run: PodRun): ReportedContainerStatus {
  const container = run.containers.get(name);
  // The API requires the image fields; nobody reads them here.
  const common = { name, image: 'none', imageID: '', restartCount: container?.restartCount ?? 0 };
  if (container === undefined) {
    return { ...common, ready: false, state: { waiting: { reason: 'ContainerCreating' } } };
  }
  const { id: containerID, startedAt } = container;
  if (run.phase === 'Running') {
    const state = { running: { startedAt } };
    return { ...common, containerID, ready: container.ready, started: true, state };
  }
  const exitCode = run.phase === 'Succeeded' ? 0 : 1;
  const state = { terminated: { exitCode, containerID } };
  return { ...common, containerID, ready: false, started: false, state };
}

/** A container status with the fields that only a kubelet writes. */
interface ReportedContainerStatus extends ContainerStatus {
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly started?: boolean;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly waiting?: { readonly reason: string };
    readonly terminated?: { readonly exitCode: number; readonly containerID: string };
  };
}

function hostFields({ hostAddresses }: PodRun): object {
  return { hostIP: hostAddresses[0], hostIPs: hostAddresses.map((ip) => ({ ip })) };
}
