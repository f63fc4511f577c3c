import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_NAME_LABEL } from '#lib/core/endpoint-slice-metadata.ts';
import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { type ApiClient, ApiError, type ApiEvent } from '../cluster/api-client.ts';
import { waitFor } from '../process/wait-for.ts';

/** One change of one slice as the API server told it. */
export interface SliceEvent {
  /** When it arrived, milliseconds since the epoch. */
  readonly atMs: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly slice: EndpointSlice;
}

/** Every change of the EndpointSlices of one namespace, and what they say at present. */
export class EndpointLog {
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #abort = new AbortController();
  readonly #events: SliceEvent[] = [];
  readonly #slices = new Map<string, EndpointSlice>();
  #version = '';

  /** Starts to watch; events of slices that stand already come first. */
  constructor(api: ApiClient, namespace: string) {
    this.#api = api;
    this.#path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    void this.#follow();
  }

  /** Events of the slices of a Service that arrived at or after `sinceMs`. */
  events(service: string, sinceMs = 0): readonly SliceEvent[] {
    return this.#events.filter(({ atMs, slice }) => atMs >= sinceMs && serviceOf(slice) === service);
  }

  /** The endpoints of a Service in all its slices. */
  endpoints(service: string): readonly Endpoint[] {
    return [...this.#slices.values()]
      .filter((slice) => serviceOf(slice) === service)
      .flatMap((slice) => slice.endpoints);
  }

  /** Names of the pods whose endpoint of the Service is ready, sorted, each once. */
  ready(service: string): readonly string[] {
    const ready = this.endpoints(service).filter((endpoint) => endpoint.conditions?.ready !== false);
    return [...new Set(ready.map((endpoint) => endpoint.targetRef?.name ?? ''))].toSorted();
  }

  /** Waits until exactly these pods (sorted) are ready endpoints; when the API server said so (epoch, ms). */
  async waitForReady(service: string, pods: readonly string[], deadlineMs: number): Promise<number> {
    const wanted = JSON.stringify(pods);
    return waitFor(
      `ready endpoints ${wanted} of ${service}`,
      async () => {
        const ready = JSON.stringify(this.ready(service));
        if (ready !== wanted) throw new Error(`they are ${ready}`);
        return this.events(service).at(-1)?.atMs ?? Date.now();
      },
      { deadlineMs, intervalMs: 10 },
    );
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
        .watch<EndpointSlice>(`${this.#path}?${query}`, (event) => this.#take(event), signal)
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 410) this.#forget();
        });
      await sleep(100, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The version is too old to go on from: the next watch begins with everything that stands. */
  #forget(): void {
    this.#version = '';
    this.#slices.clear();
  }

  #take({ type, object }: ApiEvent<EndpointSlice>): void {
    if (type === 'ERROR') {
      this.#forget();
      return;
    }
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    this.#events.push({ atMs: Date.now(), type, slice: object });
    if (type === 'DELETED') this.#slices.delete(object.metadata.name);
    else this.#slices.set(object.metadata.name, object);
  }
}

function serviceOf(slice: EndpointSlice): string | undefined {
  return slice.metadata.labels?.[SERVICE_NAME_LABEL];
}
