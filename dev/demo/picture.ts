import type { Endpoint, KubernetesObject } from '#lib/core/kubernetes.ts';
import type { EndpointLog } from '../workload/endpoint-log.ts';
import type { ObjectWatch } from '../workload/object-watch.ts';
import type { Traffic } from '../workload/traffic.ts';
import { tallyOf } from '../workload/traffic-tally.ts';
import type { BalancerView, PodRow } from './view.ts';

/** What the picture needs of the status of a ServiceWithHealthchecks. */
export interface StatusOfBalancer extends KubernetesObject {
  readonly status?: {
    readonly endpointStatuses?: readonly { readonly podName: string; readonly message?: string }[];
  };
}

/** A load balancer of the demo; its clients are the traffic stream of the same name. */
export interface DemoBalancer {
  readonly name: string;
  readonly kind: 'swh' | 'service';
  readonly address: string;
  readonly port: number;
}

export interface PictureSources {
  readonly balancers: readonly DemoBalancer[];
  readonly endpoints: Pick<EndpointLog, 'endpoints'>;
  readonly statuses: Pick<ObjectWatch<StatusOfBalancer>, 'get'>;
  readonly traffic: Pick<Traffic, 'samples'>;
}

/** Requests younger than this make up the shares. */
const SHARE_WINDOW_MS = 3_000;

/** The balancers as they are at `nowMs` (epoch). */
export function balancerViews(sources: PictureSources, nowMs: number): readonly BalancerView[] {
  return sources.balancers.map((balancer) => ({
    name: balancer.name,
    kind: balancer.kind,
    address: `${balancer.address}:${balancer.port}`,
    pods: podRows(sources, balancer, nowMs),
    failed: failedPart(sources, balancer, nowMs),
  }));
}

/** Writes that reached a replica, through whichever balancer. */
export function wrongWrites({ balancers, traffic }: PictureSources): number {
  return balancers.reduce((sum, { name }) => sum + tallyOf(traffic.samples(name)).wrong, 0);
}

function failedPart({ traffic }: PictureSources, { name }: DemoBalancer, nowMs: number): number {
  const { requests, failed } = tallyOf(traffic.samples(name, nowMs - SHARE_WINDOW_MS));
  return requests === 0 ? 0 : failed / requests;
}

function podRows(sources: PictureSources, balancer: DemoBalancer, nowMs: number): readonly PodRow[] {
  const { answeredBy } = tallyOf(sources.traffic.samples(balancer.name, nowMs - SHARE_WINDOW_MS));
  const answered = [...answeredBy.values()].reduce((sum, count) => sum + count, 0);
  const statuses = sources.statuses.get(balancer.name)?.status?.endpointStatuses ?? [];
  return byPod(sources.endpoints.endpoints(balancer.name)).map(([pod, endpoint]) => {
    // Databases answer with their address, servers with the name of their pod.
    const names = [pod, ...endpoint.addresses];
    const count = names.reduce((sum, name) => sum + (answeredBy.get(name) ?? 0), 0);
    const said = statuses.find(({ podName }) => podName === pod)?.message;
    return {
      pod,
      node: endpoint.nodeName ?? '',
      isReady: endpoint.conditions?.ready !== false,
      message: said ?? (balancer.kind === 'service' ? 'the pod is not ready' : ''),
      share: answered === 0 ? 0 : count / answered,
    };
  });
}

/** A Service of several ports has an endpoint of a pod in several slices. */
function byPod(endpoints: readonly Endpoint[]): readonly (readonly [string, Endpoint])[] {
  const pods = new Map(endpoints.map((endpoint) => [endpoint.targetRef?.name ?? '', endpoint]));
  return [...pods].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
