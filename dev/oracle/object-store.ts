import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { watchObjects } from '../cluster/resource-watch.ts';

/** The objects of one kind in all namespaces as the API server last told, by namespace. */
export class ObjectStore<T extends KubernetesObject> {
  readonly #byNamespace = new Map<string, Map<string, T>>();

  /** Watches the list at `path` until the signal aborts; `onChange` learns in which namespace something changed. */
  constructor(
    api: ApiClient,
    path: string,
    { onChange, signal }: { readonly onChange: (namespace: string) => void; readonly signal: AbortSignal },
  ) {
    void watchObjects<T>(api, path, {
      signal,
      onChange: ({ kind, object }) => {
        const { namespace = '' } = object.metadata;
        const objects = this.#byNamespace.get(namespace) ?? new Map<string, T>();
        this.#byNamespace.set(namespace, objects);
        if (kind === 'stored') objects.set(keyOf(object), object);
        else objects.delete(keyOf(object));
        onChange(namespace);
      },
    });
  }

  all(namespace: string): readonly T[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  get(namespace: string, name: string): T | undefined {
    return this.#byNamespace.get(namespace)?.get(`${namespace}/${name}`);
  }
}
