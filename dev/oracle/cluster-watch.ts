import type { EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { ObjectStore } from './object-store.ts';
import { SERVICE_NAME } from './world.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** What consumers of all pairs see: two watches for the whole cluster, as a kube-proxy has. */
export class ClusterWatch {
  readonly #abort = new AbortController();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #slices: ObjectStore<EndpointSlice>;
  readonly #services: ObjectStore<Service>;

  constructor(api: ApiClient) {
    const options = {
      signal: this.#abort.signal,
      onChange: (namespace: string) => {
        for (const listener of this.#listeners.get(namespace) ?? []) listener();
      },
    };
    this.#slices = new ObjectStore(api, '/apis/discovery.k8s.io/v1/endpointslices', options);
    this.#services = new ObjectStore(api, '/api/v1/services', options);
  }

  /** The slices of the Service of a namespace, whoever made them. */
  slices(namespace: string): readonly EndpointSlice[] {
    return this.#slices
      .all(namespace)
      .filter(({ metadata }) => metadata.labels?.[SERVICE_LABEL] === SERVICE_NAME);
  }

  service(namespace: string): Service | undefined {
    return this.#services.get(namespace, SERVICE_NAME);
  }

  /** Whether `isTrue` came true within the time, looked at after each change in one of the namespaces. */
  async until(namespaces: readonly string[], isTrue: () => boolean, deadlineMs: number): Promise<boolean> {
    return isTrue() || this.#afterChange(namespaces, isTrue, deadlineMs);
  }

  /** Resolves when nothing has changed in the namespaces for `quietMs`, or when the deadline has passed. */
  async quiet(namespaces: readonly string[], quietMs: number, deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (performance.now() < end) {
      const hasChanged = await this.#afterChange(namespaces, () => true, quietMs);
      if (!hasChanged) return;
    }
  }

  async #afterChange(
    namespaces: readonly string[],
    isTrue: () => boolean,
    deadlineMs: number,
  ): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const listener = (): void => {
      if (isTrue()) resolve(true);
    };
    for (const namespace of namespaces) this.#listenersOf(namespace).add(listener);
    const timer = setTimeout(() => resolve(false), deadlineMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      for (const namespace of namespaces) this.#listenersOf(namespace).delete(listener);
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  #listenersOf(namespace: string): Set<() => void> {
    const listeners = this.#listeners.get(namespace) ?? new Set();
    this.#listeners.set(namespace, listeners);
    return listeners;
  }
}
