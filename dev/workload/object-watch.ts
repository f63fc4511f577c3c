import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { watchObjects } from '../cluster/resource-watch.ts';

/** One change of one object as the API server told it. */
export interface RecordedChange<T> {
  /** When it arrived, milliseconds since the epoch. */
  readonly atMs: number;
  readonly kind: 'stored' | 'deleted';
  readonly object: T;
}

/** Every change of the objects of one kind in one namespace, and the objects as they are at present. */
export class ObjectWatch<T extends KubernetesObject> {
  readonly #abort = new AbortController();
  readonly #changes: RecordedChange<T>[] = [];
  readonly #objects = new Map<string, T>();

  /** Starts to watch the list at `path`; objects that stand already come first. */
  constructor(api: ApiClient, path: string) {
    const { signal } = this.#abort;
    void watchObjects<T>(api, path, {
      signal,
      onChange: ({ kind, object }) => this.#take({ atMs: Date.now(), kind, object }),
    });
  }

  /** All changes, oldest first. */
  changes(): readonly RecordedChange<T>[] {
    return this.#changes;
  }

  /** The object of that name as last told. */
  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Ends the watch. */
  stop(): void {
    this.#abort.abort();
  }

  #take(change: RecordedChange<T>): void {
    const { name, resourceVersion } = change.object.metadata;
    // A watch that begins anew tells of everything again.
    const isKnown = this.#objects.get(name)?.metadata.resourceVersion === resourceVersion;
    if (change.kind === 'stored' && isKnown) return;
    this.#changes.push(change);
    if (change.kind === 'deleted') this.#objects.delete(name);
    else this.#objects.set(name, change.object);
  }
}
