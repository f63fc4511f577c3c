import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { KubernetesBinding } from '#lib/hook/hook.ts';
import type { ObjectSource } from '#lib/hook/resident-host.ts';
import { Informer, type InformerDeps } from '#lib/kube/informer.ts';
import type { ListScope, Resource } from '#lib/kube/kube-api.ts';
import { resourceOf } from '#lib/kube/resources.ts';

/** An informer together with what it informs about. */
export interface BindingInformer extends ObjectSource {
  readonly informer: Informer<KubernetesObject>;
}

export interface BindingInformers {
  /** The source of a binding. Bindings that ask for the same objects share one. */
  of(binding: KubernetesBinding): BindingInformer;
  /** Every informer once, to be run. */
  all(): readonly BindingInformer[];
}

/** Reduces an object of a kind to what is used of it: see `InformerOptions.transform`. */
export type Trim = (kind: string, object: KubernetesObject) => KubernetesObject;

/** Informers for bindings, made at the first question about each. */
export function createBindingInformers(deps: InformerDeps, trim: Trim): BindingInformers {
  const informers = new Map<string, BindingInformer>();
  return {
    of(binding) {
      const resource = resourceOf(binding.apiVersion, binding.kind);
      const scope = scopeOf(binding);
      const identity = JSON.stringify([binding.apiVersion, binding.kind, scope]);
      const known = informers.get(identity);
      if (known !== undefined) return known;
      const informer = new Informer(deps, {
        resource,
        scope,
        transform: (object) => trim(resource.kind, object),
      });
      const made = sourceOf(resource, informer);
      informers.set(identity, made);
      return made;
    },
    all: () => [...informers.values()],
  };
}

/** The scope that a binding's selectors describe. Throws for a selector that one list cannot express. */
export function scopeOf({ name, labelSelector, nameSelector }: KubernetesBinding): ListScope {
  const names = nameSelector?.matchNames ?? [];
  if (names.length > 1) throw new Error(`bug: binding ${name} selects more than one name`);
  const labels = Object.entries(labelSelector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    ...(labels.length > 0 && { labelSelector: labels.join(',') }),
    ...(names[0] !== undefined && { fieldSelector: `metadata.name=${names[0]}` }),
  };
}

function sourceOf(
  resource: Resource<KubernetesObject>,
  informer: Informer<KubernetesObject>,
): BindingInformer {
  return {
    resource,
    informer,
    onChange: (handler) => informer.onChange(handler),
    noteWrite: (object) => informer.noteWrite(object),
    hasSynced: () => informer.hasSynced(),
    staleSinceMs: () => informer.staleSinceMs(),
  };
}
