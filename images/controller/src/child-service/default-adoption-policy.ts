import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { type AdoptionPolicy, KIND } from '#lib/core/service-with-healthchecks.ts';

/** An object without an adoption policy as if it named the given one; any other object as it is. */
export function withAdoptionPolicy<T extends KubernetesObject>(
  kind: string,
  object: T,
  adoptionPolicy: AdoptionPolicy,
): T {
  if (kind !== KIND || !('spec' in object)) return object;
  const { spec } = object;
  if (typeof spec !== 'object' || spec === null || 'adoptionPolicy' in spec) return object;
  return { ...object, spec: { ...spec, adoptionPolicy } };
}
