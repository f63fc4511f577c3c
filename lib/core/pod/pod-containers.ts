import type { Container, ContainerPort, ContainerStatus, Pod } from '#lib/core/kubernetes.ts';

/** A container that runs as long as its pod, with what the kubelet last said about it. */
export interface RunningContainer {
  readonly container: Container;
  readonly status: ContainerStatus | undefined;
}

/** Regular containers in the order of the spec, then sidecars. Ordinary init containers are not among them. */
export function lastingContainers(pod: Pod): readonly RunningContainer[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  return [
    ...withStatus(pod.spec.containers, pod.status?.containerStatuses),
    ...withStatus(sidecars, pod.status?.initContainerStatuses),
  ];
}

/** The lasting containers that declare a TCP port of that number. */
export function containersDeclaring(pod: Pod, port: number): readonly RunningContainer[] {
  return lastingContainers(pod).filter(({ container }) =>
    (container.ports ?? []).some((one) => one.containerPort === port && protocolOf(one) === 'TCP'),
  );
}

/** Protocol of a port; TCP when left out, as the API server defaults it. */
export function protocolOf(port: Pick<ContainerPort, 'protocol'>): string {
  return port.protocol ?? 'TCP';
}

function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

function withStatus(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
): readonly RunningContainer[] {
  return containers.map((container) => ({
    container,
    status: statuses?.find((status) => status.name === container.name),
  }));
}
