import type { KubernetesBinding } from '#lib/hook/hook.ts';

/** The module as an operator and its chart know it. */
export const MODULE = 'service-with-healthchecks';
export const MODULE_NAMESPACE = 'd8-service-with-healthchecks';

/** A binding of a hook that runs at moments of the module: the operator follows the objects, changes wake nobody. */
export function followed(binding: KubernetesBinding): KubernetesBinding {
  return { ...binding, executeHookOnEvent: [], executeHookOnSynchronization: false };
}
