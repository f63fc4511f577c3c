import { refOf } from '#lib/core/kubernetes.ts';
import type { EndpointTransition } from '#lib/probe/endpoint-verdicts.ts';
import type { Metrics } from '#lib/runtime/metrics.ts';

type Tracked = Pick<EndpointTransition, 'owner' | 'endpoint'>;
type LabelName = 'namespace' | 'name' | 'pod' | 'family';

/** Counts for each endpoint how often it went down. */
export interface EndpointDowns {
  count(transition: Tracked): void;
}

/**
 * Declares the counter that flapping is seen by. An endpoint has a series from the first time that it goes down until
 * `isTracked` says that it is gone, so that there are few of them in a cluster that works.
 */
export function countEndpointDowns(
  metrics: Metrics,
  isTracked: (owner: string, endpoint: Tracked['endpoint']) => boolean,
): EndpointDowns {
  const counted = new Map<string, Tracked>();
  const downs = metrics.counter<LabelName>({
    name: 'swh_agent_endpoint_downs_total',
    help: 'How often an endpoint went down through its probes; a series for each endpoint that did.',
    labels: ['namespace', 'name', 'pod', 'family'],
    collect(counter) {
      for (const [key, tracked] of counted) {
        if (isTracked(tracked.owner, tracked.endpoint)) continue;
        counter.remove(labelsOf(tracked));
        counted.delete(key);
      }
    },
  });
  return {
    count({ owner, endpoint }) {
      const labels = labelsOf({ owner, endpoint });
      // A pod of the same name that takes the place of a counted one goes on in its series.
      counted.set(Object.values(labels).join('/'), { owner, endpoint });
      downs.add(labels);
    },
  };
}

function labelsOf({ owner, endpoint }: Tracked): Record<LabelName, string> {
  const { namespace, name } = refOf(owner);
  return { namespace, name, pod: endpoint.podName, family: endpoint.family };
}
