import { type KubernetesObject, keyOf, type ObjectRef } from '#lib/core/kubernetes.ts';
import type { ChangeHandler } from '#lib/kube/informer.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { KubeApiError } from '#lib/kube/kube-error.ts';
import { mergePatch } from './service-defaulting.ts';

/** A source whose objects a test puts in place. */
export interface MemorySource {
  readonly resource: Resource<KubernetesObject>;
  onChange(handler: ChangeHandler<KubernetesObject>): void;
  noteWrite(object: KubernetesObject): void;
  hasSynced(): boolean;
  staleSinceMs(): number | undefined;
  /** Whether the first list is there, and whether the watch runs. */
  state: { hasSynced: boolean; isStale: boolean };
  put(object: KubernetesObject): void;
  remove(key: string): void;
}

/**
 * The writing half of an API server, with versions and preconditions. What is written reaches the source of the
 * kind only through `noteWrite` or when the test says so: like a watch that lags.
 */
export class MemoryApi implements KubeApi {
  readonly objects = new Map<string, KubernetesObject>();
  readonly writes: string[] = [];
  /** Thrown by the next write. */
  failure: KubeApiError | undefined;
  #version = 100;

  seed(resource: Resource<KubernetesObject>, object: KubernetesObject): KubernetesObject {
    return this.#store(resource, object);
  }

  async get<T extends KubernetesObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    // Stored under the resource's own kind.
    return this.#find(resource, ref) as T;
  }

  async create<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
    this.#begin(`create ${resource.kind} ${keyOf(object)}`);
    if (this.objects.has(idOf(resource, keyOf(object)))) throw apiError(409, 'AlreadyExists');
    return this.#store(resource, object);
  }

  async replace<T extends KubernetesObject>(resource: Resource<T>, object: T): Promise<T> {
    this.#begin(`replace ${resource.kind} ${keyOf(object)}`);
    return this.#store(resource, object);
  }

  async mergePatch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: Readonly<Record<string, unknown>>,
  ): Promise<T> {
    this.#begin(`patch ${resource.kind} ${ref.namespace}/${ref.name}`);
    const current = this.#find(resource, ref);
    const version: unknown = Object(body['metadata'])['resourceVersion'];
    if (version !== undefined && version !== current.metadata.resourceVersion)
      throw apiError(409, 'Conflict');
    return this.#store(resource, mergePatch(current, body) as T);
  }

  jsonPatch(): Promise<never> {
    return Promise.reject(new Error('left to the real API server'));
  }

  async delete<T extends KubernetesObject>(resource: Resource<T>, ref: ObjectRef): Promise<void> {
    this.#begin(`delete ${resource.kind} ${ref.namespace}/${ref.name}`);
    this.#find(resource, ref);
    this.objects.delete(idOf(resource, `${ref.namespace}/${ref.name}`));
  }

  list(): Promise<never> {
    return Promise.reject(new Error('not part of the writing half'));
  }

  watch(): Promise<never> {
    return Promise.reject(new Error('not part of the writing half'));
  }

  #begin(write: string): void {
    this.writes.push(write);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #find(resource: Resource<KubernetesObject>, { namespace, name }: ObjectRef): KubernetesObject {
    const found = this.objects.get(idOf(resource, namespace === '' ? name : `${namespace}/${name}`));
    if (found === undefined) throw apiError(404, 'NotFound');
    return found;
  }

  #store<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${this.#version}` } };
    this.objects.set(idOf(resource, keyOf(object)), stored);
    return stored;
  }
}

/** A source that has synced and misses nothing. */
export function memorySource(resource: Resource<KubernetesObject>): MemorySource {
  const handlers: ChangeHandler<KubernetesObject>[] = [];
  const known = new Map<string, KubernetesObject>();
  const state = { hasSynced: true, isStale: false };
  const notify = (key: string, current: KubernetesObject | undefined) => {
    const previous = known.get(key);
    if (current === undefined) known.delete(key);
    else known.set(key, current);
    for (const handler of handlers) handler({ key, previous, current });
  };
  return {
    resource,
    state,
    onChange: (handler) => {
      handlers.push(handler);
      for (const [key, current] of known) handler({ key, previous: undefined, current });
    },
    noteWrite: (object) => notify(keyOf(object), object),
    hasSynced: () => state.hasSynced,
    staleSinceMs: () => (state.isStale ? 0 : undefined),
    put: (object) => notify(keyOf(object), object),
    remove: (key) => notify(key, undefined),
  };
}

/** An answer of the API server that is an error. */
export function apiError(status: number, reason: string, message = reason): KubeApiError {
  return new KubeApiError(message, { status, reason });
}

function idOf(resource: Resource<KubernetesObject>, key: string): string {
  return `${resource.kind} ${key}`;
}
