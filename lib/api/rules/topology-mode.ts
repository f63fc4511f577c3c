import { type Finding, warning } from '#lib/api/finding.ts';

/** Where both are there, the older one counts: `hintsEnabled` in k8s.io/endpointslice/topologycache. */
const ANNOTATIONS = [
  'service.kubernetes.io/topology-aware-hints',
  'service.kubernetes.io/topology-mode',
] as const;

/**
 * Hints in proportion to the CPUs of the zones are not made: they follow from the endpoints of all nodes together, and
 * every slice is written by the agent of one node.
 */
export function checkTopologyMode(annotations: Readonly<Record<string, string>>): readonly Finding[] {
  const name = ANNOTATIONS.find((one) => annotations[one] !== undefined);
  if (name === undefined || annotations[name]?.toLowerCase() !== 'auto') return [];
  return [
    warning(
      `metadata.annotations[${name}]`,
      'ignored: no hints are made in proportion to the CPUs of zones; write spec.trafficDistribution instead',
    ),
  ];
}
