import type { Container, ContainerStatus, Pod } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';

/** The pod with nothing but what endpoints follow from: a node's pods are kept in memory all the time. */
export function slimPod(pod: Pod): Pod {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, labels } =
    pod.metadata;
  return defined<Pod>({
    metadata: defined({
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      deletionTimestamp,
      labels,
    }),
    spec: slimSpec(pod.spec),
    status: pod.status && slimStatus(pod.status, pod.spec),
  });
}

/** Whether two slim pods differ in anything but their version. */
export function differs(a: Pod | undefined, b: Pod | undefined): boolean {
  return !sameJson(a && withoutVersion(a), b && withoutVersion(b));
}

function slimSpec(spec: Pod['spec']): Pod['spec'] {
  const { nodeName, hostname, subdomain, containers, initContainers, readinessGates } = spec;
  // An init container that ends serves nobody.
  const sidecars = initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return defined<Pod['spec']>({
    nodeName,
    hostname,
    subdomain,
    containers: containers.map(slimContainer),
    initContainers: sidecars?.length ? sidecars.map(slimContainer) : undefined,
    readinessGates,
  });
}

function slimContainer({ name, ports, restartPolicy }: Container): Container {
  return defined<Container>({
    name,
    ports: ports?.map((port) =>
      defined({ name: port.name, containerPort: port.containerPort, protocol: port.protocol }),
    ),
    restartPolicy,
  });
}

function slimStatus(status: NonNullable<Pod['status']>, spec: Pod['spec']): NonNullable<Pod['status']> {
  const { phase, podIPs, startTime, conditions, containerStatuses, initContainerStatuses } = status;
  const asked = new Set(['Ready', ...(spec.readinessGates ?? []).map(({ conditionType }) => conditionType)]);
  return defined<NonNullable<Pod['status']>>({
    phase,
    podIPs,
    startTime,
    conditions: conditions
      ?.filter(({ type }) => asked.has(type))
      .map(({ type, status: value }) => ({ type, status: value })),
    containerStatuses: containerStatuses?.map(slimContainerStatus),
    initContainerStatuses: initContainerStatuses?.map(slimContainerStatus),
  });
}

function slimContainerStatus({ name, ready, state }: ContainerStatus): ContainerStatus {
  const { running } = state ?? {};
  return running === undefined ? { name, ready } : { name, ready, state: { running } };
}

function withoutVersion({ metadata, ...rest }: Pod): unknown {
  const { resourceVersion: _, ...identity } = metadata;
  return { ...rest, metadata: identity };
}

/** The object without its undefined fields: an absent field takes no memory. */
function defined<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined }): T {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  // Leaving out what is undefined is what makes the fields optional again.
  return Object.fromEntries(entries) as T;
}
