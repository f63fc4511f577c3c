import { compareText } from '#lib/core/canonical-json.ts';
import type { EndpointPort, Pod, ServicePort } from '#lib/core/kubernetes.ts';
import { lastingContainers, protocolOf } from '#lib/core/pod/pod-containers.ts';
import type { PortReference } from '#lib/core/probe/probe.ts';

/**
 * The ports of a slice that this pod belongs in: of each Service port its name, protocol and appProtocol with the
 * number that the target port has on this pod, sorted by name. A named target port that the pod does not declare
 * is left out for this pod; the pod stays an endpoint with the other ports.
 */
export function resolveServicePorts(ports: readonly ServicePort[], pod: Pod): readonly EndpointPort[] {
  return ports
    .flatMap((port) => {
      const number = resolveReference(targetPortOf(port), protocolOf(port), pod);
      return number === undefined ? [] : [endpointPort(port, number)];
    })
    .toSorted((a, b) => compareText(sortKey(a), sortKey(b)));
}

/** Number of a probed port on this pod; undefined when no container declares the name with TCP. */
export function resolveProbePort(reference: PortReference, pod: Pod): number | undefined {
  return resolveReference(reference, 'TCP', pod);
}

/** The TCP ports that the pod's containers and sidecars declare. */
export function declaredPorts(pod: Pod): readonly number[] {
  const ports = lastingContainers(pod).flatMap(({ container }) => container.ports ?? []);
  return ports.filter((port) => protocolOf(port) === 'TCP').map(({ containerPort }) => containerPort);
}

/** The target port of a Service port: the port itself where it is unset, as the API server defaults it. */
function targetPortOf(port: ServicePort): PortReference {
  return port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ''
    ? port.port
    : port.targetPort;
}

/**
 * A number stands for itself, declared or not. A name stands for the first port of that name and protocol among
 * the containers, then among the sidecars: the order of `FindPort` in k8s.io/endpointslice.
 */
function resolveReference(reference: PortReference, protocol: string, pod: Pod): number | undefined {
  if (typeof reference === 'number') return reference;
  return lastingContainers(pod)
    .flatMap(({ container }) => container.ports ?? [])
    .find((port) => port.name === reference && protocolOf(port) === protocol)?.containerPort;
}

function endpointPort(port: ServicePort, number: number): EndpointPort {
  return {
    name: port.name ?? '',
    port: number,
    protocol: protocolOf(port),
    ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
  };
}

function sortKey({ name, protocol, port }: EndpointPort): string {
  return `${name}/${protocol}/${port}`;
}
