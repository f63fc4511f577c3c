import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { SERVICE_NAME_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { waitFor } from '../process/wait-for.ts';
import { ObjectWatch, type RecordedChange } from './object-watch.ts';

/** What the EndpointSlices of one namespace say, and every change of them. */
export class EndpointLog {
  readonly #slices: ObjectWatch<EndpointSlice>;

  constructor(api: ApiClient, namespace: string) {
    this.#slices = new ObjectWatch(api, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`);
  }

  /** Changes of the slices of a Service that arrived at or after `sinceMs`. */
  changes(service: string, sinceMs = 0): readonly RecordedChange<EndpointSlice>[] {
    return this.#slices
      .changes()
      .filter(({ atMs, object }) => atMs >= sinceMs && serviceOf(object) === service);
  }

  /** The slices of a Service, whoever made them. */
  slices(service: string): readonly EndpointSlice[] {
    return this.#slices.all().filter((slice) => serviceOf(slice) === service);
  }

  /** The endpoints of a Service in all its slices. */
  endpoints(service: string): readonly Endpoint[] {
    return this.slices(service).flatMap((slice) => slice.endpoints);
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
        return this.changes(service).at(-1)?.atMs ?? Date.now();
      },
      { deadlineMs, intervalMs: 10 },
    );
  }

  /** Ends the watch. */
  stop(): void {
    this.#slices.stop();
  }
}

function serviceOf(slice: EndpointSlice): string | undefined {
  return slice.metadata.labels?.[SERVICE_NAME_LABEL];
}
