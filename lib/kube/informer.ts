import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import { backoffMs } from '#lib/runtime/backoff.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { Random } from '#lib/runtime/random.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import type { KubeApi, Lister, ListScope, ObjectList, Resource, WatchEvent } from './kube-api.ts';
import { classifyKubeError, KubeApiError } from './kube-error.ts';
import { type IndexFunction, ObjectCache } from './object-cache.ts';
import { OwnWrites } from './own-writes.ts';
import { isOlder } from './resource-version.ts';

export interface InformerDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface InformerOptions<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly scope?: ListScope;
  /** Reduces an object to what is used, to save memory. Must keep name, namespace, uid and version. */
  readonly transform?: (object: T) => T;
  /** Further ways to find objects: see `byIndex`. Must not throw. */
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
}

/** `previous` is absent for an object that appeared, `current` for one that vanished. */
export interface Change<T> {
  readonly key: string;
  readonly previous: T | undefined;
  readonly current: T | undefined;
}

/** Decides whether the change matters and enqueues keys; nothing else. What it throws is logged. */
export type ChangeHandler<T> = (change: Change<T>) => void;

const RETRY = { minMs: 250, maxMs: 15_000 } as const;
/** A watch that held this long was a working one: the next failure starts from the shortest wait. */
const HEALTHY_WATCH_MS = 5_000;
const NAMESPACE_INDEX = 'metadata.namespace';

/**
 * Keeps a copy of all objects of a scope up to date by list and watch, for as long as it runs: no error ends it.
 * Objects that vanished while the watch was broken are noticed at the next list. The copies are shared: never
 * change them.
 */
export class Informer<T extends KubernetesObject> implements Lister<T> {
  readonly resource: Resource<T>;
  readonly #deps: InformerDeps;
  readonly #options: InformerOptions<T>;
  readonly #logger: Logger;
  readonly #cache: ObjectCache<T>;
  readonly #writes: OwnWrites;
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  /** Where the next watch goes on. Undefined: list first. */
  #version: string | undefined;
  #failures = 0;
  #lastContactMs: number | undefined;
  #staleSinceMs: number | undefined;

  constructor(deps: InformerDeps, options: InformerOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.resource = options.resource;
    this.#logger = deps.logger.with({ resource: options.resource.plural });
    this.#writes = new OwnWrites(deps.clock);
    this.#cache = new ObjectCache({
      ...options.indexes,
      [NAMESPACE_INDEX]: (object) => [object.metadata.namespace ?? ''],
    });
    this.#staleSinceMs = deps.clock.monotonicMs();
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves after the first list; rejects with the signal's reason if that aborts first. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#synced.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  all(): readonly T[] {
    return this.#cache.all();
  }

  inNamespace(namespace: string): readonly T[] {
    return this.#cache.byIndex(NAMESPACE_INDEX, namespace);
  }

  /** The objects for which the declared index function gave the value. */
  byIndex(name: string, value: string): readonly T[] {
    return this.#cache.byIndex(name, value);
  }

  /** Monotonic time of the last sign of life from the API server; undefined before the first. */
  lastContactMs(): number | undefined {
    return this.#lastContactMs;
  }

  /** Monotonic time since when changes may have gone unseen; undefined while the watch runs. */
  staleSinceMs(): number | undefined {
    return this.#staleSinceMs;
  }

  /** From here on, and at once for each object that is already known. */
  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.add(handler);
    for (const current of this.all()) {
      this.#call(handler, { key: keyOf(current), previous: undefined, current });
    }
  }

  /**
   * Takes the answer to an own write, so that whoever reads next sees at least that version; older events that
   * are still on their way are skipped.
   */
  noteWrite(object: T): void {
    const version = object.metadata.resourceVersion;
    // Before the first list nobody plans, and what the watch has passed is in the cache already, or gone again.
    if (version === undefined || this.#version === undefined || !isOlder(this.#version, version)) return;
    this.#writes.note(keyOf(object), version);
    this.#put(object);
  }

  /** Lists and watches until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startMs = this.#deps.clock.monotonicMs();
      const error = await this.#round(signal);
      if (signal.aborted) return;
      const livedMs = this.#deps.clock.monotonicMs() - startMs;
      this.#failures = livedMs >= HEALTHY_WATCH_MS ? 1 : this.#failures + 1;
      const waitMs = this.#waitMs(error);
      if (error !== undefined) this.#noteFailure(error, waitMs);
      await sleep(this.#deps.clock, waitMs, signal);
    }
  }

  /** One list where needed and one watch. Returns what went wrong; undefined after a clean end. */
  async #round(signal: AbortSignal): Promise<unknown> {
    const { api } = this.#deps;
    const { resource } = this;
    const scope = this.#options.scope ?? {};
    try {
      if (this.#version === undefined) this.#replaceAll(await api.list(resource, scope, signal));
      await api.watch(
        resource,
        scope,
        this.#version ?? '',
        (event) => this.#take(event),
        signal,
        () => this.#noteContact(),
      );
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #waitMs(error: unknown): number {
    const asked = error instanceof KubeApiError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, backoffMs(this.#failures, RETRY, this.#deps.random));
  }

  #noteFailure(error: unknown, retryInMs: number): void {
    const kind = classifyKubeError(error);
    // After a break of the connection the watch goes on where it was; in doubt everything is listed.
    if (kind !== 'transient') this.#version = undefined;
    const fields = { error: String(error), kind, retryInMs: Math.round(retryInMs) };
    if (this.#staleSinceMs === undefined || this.#failures === 1) {
      this.#logger.warn('watch interrupted', fields);
    } else {
      this.#logger.debug('watch still interrupted', fields);
    }
    this.#staleSinceMs ??= this.#deps.clock.monotonicMs();
  }

  #noteContact(): void {
    this.#lastContactMs = this.#deps.clock.monotonicMs();
    if (this.#staleSinceMs === undefined) return;
    this.#logger.info('watching', { objects: this.all().length });
    this.#staleSinceMs = undefined;
  }

  #take(event: WatchEvent<T>): void {
    this.#noteContact();
    if (event.type === 'BOOKMARK') {
      this.#takeBookmark(event.resourceVersion);
      return;
    }
    const key = keyOf(event.object);
    const version = event.object.metadata.resourceVersion ?? '';
    if (!this.#writes.outdates(key, version)) {
      if (event.type === 'DELETED') this.#remove(key);
      else this.#put(event.object);
    }
    this.#advance(version);
  }

  #takeBookmark(version: string): void {
    if (this.#version !== undefined && isOlder(version, this.#version)) {
      // Versions went back: the database was restored from a backup, and no event will tell what it lost.
      throw new KubeApiError('watch: versions went back', { status: 410, reason: 'VersionsWentBack' });
    }
    this.#advance(version);
  }

  #advance(version: string): void {
    this.#version = version;
    // A write whose event never came left the scope in the same moment.
    for (const key of this.#writes.takePassed(version)) this.#remove(key);
  }

  #replaceAll(list: ObjectList<T>): void {
    const listed = new Set<string>();
    for (const object of list.items) {
      const key = keyOf(object);
      listed.add(key);
      if (!this.#writes.outdates(key, object.metadata.resourceVersion ?? '')) this.#put(object);
    }
    for (const key of this.#cache.keys()) {
      if (!listed.has(key) && !this.#writes.outdates(key, list.resourceVersion)) this.#remove(key);
    }
    this.#advance(list.resourceVersion);
    this.#lastContactMs = this.#deps.clock.monotonicMs();
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #put(object: T): void {
    const current = this.#options.transform?.(object) ?? object;
    const key = keyOf(current);
    const previous = this.#cache.get(key);
    if (previous !== undefined && isSameVersion(previous, current)) return;
    this.#cache.set(current);
    this.#notify({ key, previous, current });
  }

  #remove(key: string): void {
    const previous = this.#cache.get(key);
    if (previous === undefined) return;
    this.#cache.delete(key);
    this.#notify({ key, previous, current: undefined });
  }

  #notify(change: Change<T>): void {
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  #call(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#logger.error('change handler failed', { key: change.key, bug: true, error: String(error) });
    }
  }
}

function isSameVersion(a: KubernetesObject, b: KubernetesObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
