import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { SERVICE_NAME_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { ApiClient, ApiEvent } from '../../dev/cluster/api-client.ts';

/** What one watcher of EndpointSlices was sent about one Service. */
export interface WatchTraffic {
  readonly events: number;
  /** Of the events as JSON, which is how the API server sends them unless it is asked for another encoding. */
  readonly bytes: number;
}

/** Follows the slices of a namespace and counts what arrives, by Service. */
export class SliceTraffic {
  readonly #abort = new AbortController();
  readonly #counts = new Map<string, { events: number; bytes: number }>();
  readonly #ended: Promise<void>;

  private constructor(api: ApiClient, path: string, version: string) {
    this.#ended = api.watch<EndpointSlice>(
      `${path}?watch=1&resourceVersion=${version}`,
      (event) => this.#count(event),
      this.#abort.signal,
    );
    // Awaited in `stop`, which may come much later than a failure.
    this.#ended.catch(() => undefined);
  }

  /** Counts from this moment on; slices that stand already do not. */
  static async start(api: ApiClient, namespace: string): Promise<SliceTraffic> {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const { metadata } = await api.get<{ readonly metadata: { readonly resourceVersion: string } }>(path);
    return new SliceTraffic(api, path, metadata.resourceVersion);
  }

  of(service: string): WatchTraffic {
    return { ...(this.#counts.get(service) ?? { events: 0, bytes: 0 }) };
  }

  /** Ends the watch; throws when it had ended by itself, so that something was not counted. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  #count(event: ApiEvent<EndpointSlice>): void {
    const service = event.object.metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
    const count = this.#counts.get(service) ?? { events: 0, bytes: 0 };
    count.events += 1;
    count.bytes += Buffer.byteLength(JSON.stringify(event));
    this.#counts.set(service, count);
  }
}
