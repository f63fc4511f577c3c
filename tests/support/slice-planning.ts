import type { Endpoint, EndpointSlice, Pod } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import type { EndpointVerdict, VerdictLookup } from '#lib/core/probe/endpoint-verdict.ts';
import { publicationOf } from '#lib/core/slice/publication.ts';
import { planSlices, type SlicePlanInput } from '#lib/core/slice/slice-plan.ts';
import { aNode, anSwh, aPod, aVerdict } from './builders.ts';
import { applyInMemory } from './in-memory-plan.ts';

/** Input of the slice planner: object `web` on `node-1` with pod `web-1`, whose verdict is up. */
export function planInput(given: Partial<SlicePlanInput> = {}): SlicePlanInput {
  const swh = given.swh ?? anSwh();
  return {
    swh,
    node: nodeFacts('node-1', aNode()),
    pods: [aPod()],
    verdictOf: () => aVerdict(),
    failOpenInForce: false,
    publication: publicationOf(swh),
    existing: [],
    ...given,
  };
}

/** The verdicts of pods by uid, the same for both families. */
export function verdictsBy(verdicts: Readonly<Record<string, EndpointVerdict>>): VerdictLookup {
  return (podUid) => verdicts[podUid];
}

/** The slices after planning and applying once. */
export function publish(input: SlicePlanInput): readonly EndpointSlice[] {
  return applyInMemory(input.existing, planSlices(input));
}

/** The endpoints of all slices after planning and applying once. */
export function publishedEndpoints(input: SlicePlanInput): readonly Endpoint[] {
  return publish(input).flatMap(({ endpoints }) => endpoints);
}

/** `count` pods `web-001`, `web-002`, … with addresses of their own. */
export function manyPods(count: number): readonly Pod[] {
  return Array.from({ length: count }, (_, index) =>
    aPod({
      name: `web-${String(index + 1).padStart(3, '0')}`,
      ips: [`10.1.${Math.floor(index / 250)}.${(index % 250) + 1}`],
    }),
  );
}

/** The one slice of the default world. */
export function onlySlice(): EndpointSlice {
  const [slice] = publish(planInput());
  if (slice === undefined) throw new Error('no slice');
  return slice;
}

/** Port numbers and pod names of each slice, such as `8080: web-1 web-2`, sorted. */
export function summary(slices: readonly EndpointSlice[]): readonly string[] {
  return slices
    .map(({ ports, endpoints }) => {
      const numbers = (ports ?? []).map(({ port }) => port).join(',');
      return `${numbers}: ${endpoints.map(({ targetRef }) => targetRef?.name).join(' ')}`;
    })
    .toSorted();
}
