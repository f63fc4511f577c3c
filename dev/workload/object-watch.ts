import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { type ApiClient, ApiError, type ApiEvent } from '../cluster/api-client.ts';

/** One change of one object as the API server told it. */
export interface ObjectChange<T> {
  /** When it arrived, milliseconds since the epoch. */
  readonly atMs: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** Every change of the objects of one kind in one namespace, and the objects as they are at present. */
export class ObjectWatch<T extends KubernetesObject> {
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #abort = new AbortController();
  readonly #changes: ObjectChange<T>[] = [];
  readonly #objects = new Map<string, T>();
  #version = '';

  /** Starts to watch the list at `path`; changes for objects that stand already come first. */
  constructor(api: ApiClient, path: string) {
    this.#api = api;
    this.#path = path;
    void this.#follow();
  }

  /** All changes, oldest first. */
  changes(): readonly ObjectChange<T>[] {
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

  /** A watch ends by itself after minutes, or with the API server; it goes on where it ended. */
  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${this.#version}`;
      await this.#api
        .watch<T>(`${this.#path}?${query}`, (event) => this.#take(event), signal)
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 410) this.#forget();
        });
      await sleep(100, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The version is too old to go on from: the next watch begins with everything that stands. */
  #forget(): void {
    this.#version = '';
    this.#objects.clear();
  }

  #take({ type, object }: ApiEvent<T>): void {
    if (type === 'ERROR') {
      this.#forget();
      return;
    }
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    this.#changes.push({ atMs: Date.now(), type, object });
    if (type === 'DELETED') this.#objects.delete(object.metadata.name);
    else this.#objects.set(object.metadata.name, object);
  }
}
