import { compareText } from '#lib/core/canonical-json.ts';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { settleClaims } from '#lib/core/slice/address-claims.ts';
import {
  type DesiredEndpoint,
  desiredEndpoints,
  type EndpointsInput,
  endpointKey,
} from '#lib/core/slice/desired-endpoints.ts';
import { underFormerPorts } from '#lib/core/slice/former-ports.ts';
import type { Publication } from '#lib/core/slice/publication.ts';
import { withoutDisagreement } from '#lib/core/slice/slice-agreement.ts';
import { freshSlice, isSameSlice, renewedSlice } from '#lib/core/slice/slice-content.ts';
import { groupEndpoints, groupKeyOf, portsKey, type SliceGroup } from '#lib/core/slice/slice-groups.ts';
import { sliceName } from '#lib/core/slice/slice-name.ts';
import { endpointsOf, isSliceOf, isSliceOfNode } from '#lib/core/slice/slice-ownership.ts';
import { type Placement, placeGroup } from '#lib/core/slice/slice-placement.ts';

export interface SlicePlanInput extends EndpointsInput {
  readonly publication: Publication;
  /** Slices of the namespace; those that are not of this object and node are never touched. */
  readonly existing: readonly EndpointSlice[];
}

/**
 * The writes after which the slices of one object on one node say what is true. Applied in the order create,
 * update, delete, an endpoint that moves between slices is seen twice for a moment and never missed.
 *
 * No empty slice is kept: the EndpointSlice controller keeps one a Service so that consumers see a Service
 * without endpoints, which the Service itself tells them; one for each node would be a watch event, an object and
 * a name for every node of the cluster that runs none of the pods. A slice that shows no endpoint is kept only
 * where it tells the controller something: verdicts while publication is `agree`, and pods that no slice may hold.
 */
export function planSlices(input: SlicePlanInput): Plan<EndpointSlice> {
  const own = input.existing
    .filter((slice) => isSliceOf(slice, input.swh) && isSliceOfNode(slice, input.node.name))
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name));
  if (input.publication === 'withdraw') return { create: [], update: [], delete: own };
  const desired = desiredEndpoints(input);
  if (input.publication === 'hold') return planHold(input, desired, own);
  const shown = input.publication === 'agree' ? withoutDisagreement(desired, input.pods) : desired;
  return planPublish(input, shown, own);
}

function planPublish(
  input: SlicePlanInput,
  desired: readonly DesiredEndpoint[],
  own: readonly EndpointSlice[],
): Plan<EndpointSlice> {
  const settled = settleClaims(desired);
  const groups = groupEndpoints([...settled, ...underFormerPorts(input.swh, settled, own)]);
  const placed = placeAll(groups, own, input);
  const filled = placed.flatMap(({ group, placement }) =>
    placement.kept.filter(({ endpoints }) => endpoints.length > 0).map((kept) => ({ ...kept, group })),
  );
  const staying = new Set(filled.map(({ slice }) => slice));
  return {
    create: createAll(placed, input),
    update: filled.flatMap(({ slice, endpoints, group }) =>
      updateOf(slice, renewedSlice(slice, { ports: group.ports, endpoints }, input)),
    ),
    delete: own.filter((slice) => !staying.has(slice)),
  };
}

/**
 * Keeps the slices there are: each endpoint stays where it stands, with the ports it stands with, and others
 * join only where their slice exists already. A slice without endpoints left is emptied, not deleted.
 */
function planHold(
  input: SlicePlanInput,
  desired: readonly DesiredEndpoint[],
  own: readonly EndpointSlice[],
): Plan<EndpointSlice> {
  const home = new Map(own.flatMap((slice) => endpointsOf(slice).map((one) => [endpointKey(one), slice])));
  const atHome = desired.map((one) => {
    const slice = home.get(one.key);
    return slice === undefined ? one : { ...one, ports: slice.ports ?? [] };
  });
  const placed = placeAll(groupEndpoints(settleClaims(atHome)), own, input);
  const contents = new Map(
    placed.flatMap(({ placement }) => placement.kept.map(({ slice, endpoints }) => [slice, endpoints])),
  );
  const update = own.flatMap((slice) =>
    updateOf(
      slice,
      renewedSlice(slice, { ports: slice.ports ?? [], endpoints: contents.get(slice) ?? [] }, input),
    ),
  );
  return { create: [], update, delete: [] };
}

interface PlacedGroup {
  readonly group: SliceGroup;
  readonly placement: Placement;
}

function placeAll(
  groups: readonly SliceGroup[],
  own: readonly EndpointSlice[],
  input: SlicePlanInput,
): readonly PlacedGroup[] {
  const claims = Map.groupBy(own, (slice) => claimantOf(slice, groups, own.length, input)?.key);
  return groups.map((group) => ({ group, placement: placeGroup(group, claims.get(group.key) ?? []) }));
}

/**
 * The group that a slice serves: the one that its content says. A slice whose ports somebody has changed says
 * none or a wrong one; its name still tells.
 */
function claimantOf(
  slice: EndpointSlice,
  groups: readonly SliceGroup[],
  sliceCount: number,
  input: SlicePlanInput,
): SliceGroup | undefined {
  const key = groupKeyOf(slice);
  const byContent = groups.find((group) => group.key === key);
  if (byContent !== undefined) return byContent;
  return groups.find(
    (group) =>
      group.family === slice.addressType &&
      Array.from({ length: sliceCount }, (_, chunk) => nameOf(group, chunk, input)).includes(
        slice.metadata.name,
      ),
  );
}

function createAll(placed: readonly PlacedGroup[], input: SlicePlanInput): readonly EndpointSlice[] {
  const taken = new Set(input.existing.map((slice) => slice.metadata.name));
  return placed.flatMap(({ group, placement }) =>
    placement.added.map((endpoints) => {
      const name = freeName(group, taken, input);
      taken.add(name);
      return freshSlice(name, group.family, { ports: group.ports, endpoints }, input);
    }),
  );
}

function freeName(group: SliceGroup, taken: ReadonlySet<string>, input: SlicePlanInput): string {
  for (let chunk = 0; ; chunk += 1) {
    const name = nameOf(group, chunk, input);
    if (!taken.has(name)) return name;
  }
}

function nameOf(group: SliceGroup, chunk: number, { swh, node }: SlicePlanInput): string {
  const { family } = group;
  return sliceName(swh.ref.name, {
    swhUid: swh.uid,
    nodeName: node.name,
    family,
    portsKey: portsKey(group.ports),
    chunk,
  });
}

function updateOf(current: EndpointSlice, next: EndpointSlice): Plan<EndpointSlice>['update'] {
  return isSameSlice(current, next) ? [] : [{ current, next }];
}
