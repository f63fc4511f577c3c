import type { KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';

/** Where objects of one kind live in the API. `T` is the shape of one object. */
export interface Resource<T extends KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Carries the type only; never set. */
  readonly shape?: T;
}

/** Restricts a list or watch. All given parts must hold. */
export interface ListScope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/** Cluster-scoped objects are named by `{ namespace: '', name }`. */
export interface WriteOptions {
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

/**
 * The only way to the API server. Every method throws `KubeApiError` for an answer other than 2xx and for a
 * connection that failed; `classifyKubeError` says what to do about it. Every request has a deadline.
 */
export interface KubeApi {
  get<T extends KubernetesObject>(resource: Resource<T>, ref: ObjectRef, signal?: AbortSignal): Promise<T>;
  /** The whole list, fetched in chunks. */
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: ListScope,
    signal?: AbortSignal,
  ): Promise<ObjectList<T>>;
  /**
   * Streams events after `resourceVersion` until the server ends the stream (resolves), the signal aborts
   * (resolves) or something fails (throws; 410 when the version is too old). `onOpen` is called when the server
   * has accepted the watch, before any event.
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: ListScope,
    resourceVersion: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void>;
  create<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT; conditional on `metadata.resourceVersion` when the object carries one. */
  replace<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** JSON merge patch; conditional on the version when the body holds `metadata.resourceVersion`. */
  mergePatch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: Readonly<Record<string, unknown>>,
    options?: WriteOptions,
  ): Promise<T>;
  /** JSON patch (RFC 6902). */
  jsonPatch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: readonly unknown[],
    options?: WriteOptions,
  ): Promise<T>;
  /** Background deletion; conditional on uid and version when given. */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    preconditions?: { readonly uid?: string; readonly resourceVersion?: string },
    signal?: AbortSignal,
  ): Promise<void>;
}

/** The last known objects of one informer, by key. Reads only; never waits. */
export interface Lister<T extends KubernetesObject> {
  /** Whether the first list has arrived. Before that an empty answer means nothing: do not plan. */
  hasSynced(): boolean;
  get(key: string): T | undefined;
  all(): readonly T[];
  inNamespace(namespace: string): readonly T[];
}
