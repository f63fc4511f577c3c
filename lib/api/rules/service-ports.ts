import { error, type Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import type { PortSpec } from '#lib/api/spec.ts';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Ports of the Service part: there are some, they have names where Kubernetes needs them, targets make sense. */
export function checkServicePorts(spec: DefaultedSpec): readonly Finding[] {
  const ports = spec.ports ?? [];
  return [...missingPorts(spec, ports), ...missingNames(ports), ...ports.flatMap(checkPort)];
}

function missingPorts(spec: DefaultedSpec, ports: readonly PortSpec[]): readonly Finding[] {
  if (ports.length > 0 || spec.clusterIP === 'None' || spec.type === 'ExternalName') return [];
  return [
    error(
      'spec',
      'write at least one entry in ports (only a headless Service, clusterIP: None, and type ExternalName do without)',
    ),
  ];
}

function missingNames(ports: readonly PortSpec[]): readonly Finding[] {
  if (ports.length < 2 || ports.every(({ name }) => name !== undefined && name !== '')) return [];
  return [error('spec.ports', 'give every port a name of its own when there is more than one')];
}

function checkPort({ name, targetPort }: PortSpec, index: number): readonly Finding[] {
  const path = `spec.ports[${index}]`;
  const badName = name !== undefined && name !== '' && !DNS_LABEL.test(name);
  const isUnset = targetPort === undefined || targetPort === 0 || targetPort === '';
  return [
    ...(badName
      ? [error(`${path}.name`, 'write lower-case letters, digits and hyphens, no hyphen at either end')]
      : []),
    ...(isUnset ? [] : checkPortReference(`${path}.targetPort`, targetPort)),
  ];
}
