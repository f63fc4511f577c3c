import type { KubernetesObject, ObjectRef } from '#lib/core/kubernetes.ts';
import type { Random } from '#lib/runtime/random.ts';
import { type ApiRequest, failureFromStatus, type HttpTransport } from './http-transport.ts';
import type { KubeApi, ListScope, ObjectList, Resource, WatchEvent, WriteOptions } from './kube-api.ts';
import { classifyKubeError, KubeApiError } from './kube-error.ts';
import { apiVersionOf, collectionPath, objectPath } from './resources.ts';

/** Objects per list request: small enough that the text of one answer does not swell the memory of an agent. */
const CHUNK = 250;
/** A watch is renewed every 4–8 minutes, spread, so that a restarted API server gets its load back evenly. */
const WATCH_MIN_SECONDS = 240;
/** How much longer than the agreed time a server may take to end a watch. */
const WATCH_GRACE_MS = 10_000;
/** Bookmarks come about every minute; two missing ones mean that the server is stuck. */
const WATCH_SILENCE_MS = 150_000;
const MERGE_PATCH_TYPE = 'application/merge-patch+json';
const JSON_PATCH_TYPE = 'application/json-patch+json';

/** `KubeApi` over HTTP and JSON. Objects come without `managedFields`, and always with apiVersion and kind. */
export class HttpKubeApi implements KubeApi {
  readonly #transport: HttpTransport;
  readonly #random: Random;

  constructor(transport: HttpTransport, random: Random) {
    this.#transport = transport;
    this.#random = random;
  }

  async get<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#send(resource, {
      method: 'GET',
      path: objectPath(resource, ref),
      what: `get ${nameOf(resource, ref)}`,
      signal,
    });
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: ListScope,
    signal?: AbortSignal,
  ): Promise<ObjectList<T>> {
    try {
      return await this.#listChunks(resource, scope, signal);
    } catch (error) {
      // Etcd was compacted between two chunks; from the start it goes on with a fresh version.
      if (classifyKubeError(error) !== 'expired') throw error;
      return this.#listChunks(resource, scope, signal);
    }
  }

  async #listChunks<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: ListScope,
    signal: AbortSignal | undefined,
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    let next = '';
    for (;;) {
      const query = { ...selectorsOf(scope), limit: String(CHUNK), continue: next };
      const answer = await this.#transport.send({
        method: 'GET',
        path: withQuery(collectionPath(resource, scope.namespace ?? ''), query),
        what: `list ${resource.plural}`,
        signal,
      });
      // A border: the API server's own list type.
      const page = answer as ListPage<T>;
      for (const item of page.items ?? []) items.push(trimmed(resource, item));
      next = page.metadata.continue ?? '';
      if (next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async watch<T extends KubernetesObject>(
    resource: Resource<T>,
    scope: ListScope,
    resourceVersion: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void> {
    const seconds = WATCH_MIN_SECONDS + Math.floor(this.#random() * WATCH_MIN_SECONDS);
    const what = `watch ${resource.plural}`;
    const query = {
      ...selectorsOf(scope),
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      resourceVersion,
    };
    const path = withQuery(collectionPath(resource, scope.namespace ?? ''), query);
    const limits = { silenceMs: WATCH_SILENCE_MS, totalMs: seconds * 1000 + WATCH_GRACE_MS };
    try {
      await this.#transport.stream({ method: 'GET', path, what, signal }, limits, {
        onOpen,
        onLine: (line) => onEvent(parseEvent(resource, what, line)),
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace = '', name } = object.metadata;
    return this.#send(resource, {
      method: 'POST',
      path: collectionPath(resource, namespace),
      what: `create ${nameOf(resource, { namespace, name })}`,
      body: typed(resource, object),
      signal: options.signal,
    });
  }

  async replace<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace = '', name } = object.metadata;
    return this.#send(resource, {
      method: 'PUT',
      path: pathOf(resource, { namespace, name }, options),
      what: `update ${nameOf(resource, { namespace, name })}`,
      body: typed(resource, object),
      signal: options.signal,
    });
  }

  async mergePatch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: Readonly<Record<string, unknown>>,
    options: WriteOptions = {},
  ): Promise<T> {
    return this.#patch(resource, ref, { body, contentType: MERGE_PATCH_TYPE }, options);
  }

  async jsonPatch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    body: readonly unknown[],
    options: WriteOptions = {},
  ): Promise<T> {
    return this.#patch(resource, ref, { body, contentType: JSON_PATCH_TYPE }, options);
  }

  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    preconditions?: { readonly uid?: string; readonly resourceVersion?: string },
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#transport.send({
      method: 'DELETE',
      path: objectPath(resource, ref),
      what: `delete ${nameOf(resource, ref)}`,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions },
      signal,
    });
  }

  #patch<T extends KubernetesObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Required<Pick<ApiRequest, 'body' | 'contentType'>>,
    options: WriteOptions,
  ): Promise<T> {
    return this.#send(resource, {
      ...{ method: 'PATCH', ...patch },
      path: pathOf(resource, ref, options),
      what: `patch ${nameOf(resource, ref)}`,
      signal: options.signal,
    });
  }

  async #send<T extends KubernetesObject>(resource: Resource<T>, request: ApiRequest): Promise<T> {
    const answer = await this.#transport.send(request);
    // A border: the API server answers with an object of the resource that was asked for.
    return trimmed(resource, answer as T);
  }
}

interface ListPage<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null where a server has nothing to list. */
  readonly items: readonly T[] | null;
}

function parseEvent<T extends KubernetesObject>(
  resource: Resource<T>,
  what: string,
  line: string,
): WatchEvent<T> {
  // A border: the API server's own event type; every case below checks what it uses.
  const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: T };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: trimmed(resource, object) };
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    default: {
      const failure = failureFromStatus(JSON.stringify(object), 500);
      throw new KubeApiError(`${what}: ${failure.message}`, failure);
    }
  }
}

/** Without `managedFields`, which nobody here reads and which often is most of an object; with its type. */
function trimmed<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
  const { managedFields: _, ...metadata }: T['metadata'] & { managedFields?: unknown } = object.metadata;
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
}

/** Bodies need their type, and items of lists come without it. */
function typed<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function selectorsOf({
  labelSelector = '',
  fieldSelector = '',
}: ListScope): Readonly<Record<string, string>> {
  return { labelSelector, fieldSelector };
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return `${path}?${new URLSearchParams(given)}`;
}

function pathOf(resource: Resource<KubernetesObject>, ref: ObjectRef, { subresource }: WriteOptions): string {
  const path = objectPath(resource, ref);
  return subresource === undefined ? path : `${path}/${subresource}`;
}

function nameOf(resource: Resource<KubernetesObject>, { namespace, name }: ObjectRef): string {
  return `${resource.kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}
