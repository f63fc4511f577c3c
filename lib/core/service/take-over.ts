import type { Condition, EndpointSlice, Endpoints, Service } from '#lib/core/kubernetes.ts';
import { hasSelector } from '#lib/core/service/adoption.ts';
import { type ChildServicePatch, decideChildService } from '#lib/core/service/child-service.ts';
import { skipMirror, skipsMirror } from '#lib/core/service/skip-mirror.ts';
import { readyEndpoints, takeOverGate } from '#lib/core/service/take-over-gate.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  MIRRORING_MANAGER,
  SERVICE_NAME_LABEL,
  STANDARD_MANAGER,
} from '#lib/core/slice/endpoint-slice-metadata.ts';
import { CHILD_SERVICE_ADOPTING, CHILD_SERVICE_READY } from '#lib/core/slice/publication.ts';

/** Everything that a take-over depends on, as the API shows it. */
export interface TakeOverWorld {
  readonly swh: ServiceWithHealthchecks;
  /** The Service, the Endpoints and all slices of the object's name. */
  readonly service: Service | undefined;
  readonly endpoints: Endpoints | undefined;
  readonly slices: readonly EndpointSlice[];
  readonly now: Date;
  /** How long the label that prevents mirroring has been seen on the Service. */
  readonly labelledForMs: number;
}

export type TakeOverStep =
  /** There is nothing to take over, or it has been done. */
  | { readonly kind: 'done' }
  /** The status has to say so, so that agents publish what both sides agree on. */
  | { readonly kind: 'announce'; readonly message: string }
  | { readonly kind: 'wait'; readonly for: 'verdicts' | 'label'; readonly message: string }
  /** Merge patches of the Service. */
  | { readonly kind: 'label'; readonly patch: ChildServicePatch }
  | { readonly kind: 'claim'; readonly patch: ChildServicePatch }
  /** What the standard controllers left and nobody keeps true any more. */
  | {
      readonly kind: 'clear';
      readonly slices: readonly EndpointSlice[];
      readonly endpoints: Endpoints | undefined;
    };

/** How long the Endpoints controller gets to copy a label; where it does not run, nothing is mirrored either. */
const LABEL_PATIENCE_MS = 10_000;

/**
 * The next step towards a Service that only our slices feed. It follows from what the API shows and nothing else, so
 * that a controller which ends after any write is followed by one that goes on from there:
 *
 * 1. `announce`: agents probe, and publish what the standard controllers say too;
 * 2. `wait` until the endpoints that stand are known and one of ours is ready: see `takeOverGate`;
 * 3. `label` the Service, so that the leftover Endpoints object will not be mirrored into slices;
 * 4. `claim` the Service: our owner reference, no selector, from then on the standard slices stand still;
 * 5. `clear` them away. Only then may the status say that the child is ready, and agents publish everything.
 *
 * A slice of another maker is never relabelled: kube-controller-manager would miss it for as long as it runs.
 */
export function planTakeOver(world: TakeOverWorld): TakeOverStep {
  const { swh, service } = world;
  if (service === undefined || swh.isDeleting) return DONE;
  const decision = decideChildService(swh, service);
  if (decision.kind === 'takeOver') return approach(world, service, decision.claim);
  const isOurs = decision.kind === 'inSync' || decision.kind === 'clusterIpImmutable';
  return isOurs && !hasSelector(service.spec) ? clean(world, service) : DONE;
}

const DONE: TakeOverStep = { kind: 'done' };

function approach(world: TakeOverWorld, service: Service, claim: ChildServicePatch): TakeOverStep {
  const { endpoints, labelledForMs } = world;
  const announced = announcement(world.swh);
  if (announced === undefined) return { kind: 'announce', message: 'the pods are being probed' };
  const gate = gateOf(world, service, announced);
  if (!gate.isOpen) return { kind: 'wait', for: 'verdicts', message: gate.message };
  if (!skipsMirror(service.metadata)) {
    const { resourceVersion } = service.metadata;
    return { kind: 'label', patch: { metadata: { resourceVersion, ...skipMirror(service.metadata) } } };
  }
  const isCopied = endpoints === undefined || skipsMirror(endpoints.metadata);
  if (!isCopied && labelledForMs < LABEL_PATIENCE_MS) {
    return { kind: 'wait', for: 'label', message: 'waiting for the Endpoints object to be marked' };
  }
  return { kind: 'claim', patch: claim };
}

/** The Service is ours: what else feeds it has to go. */
function clean(world: TakeOverWorld, service: Service): TakeOverStep {
  const slices = leftoversOf(world);
  const endpoints = isElectionRecord(world.endpoints) ? undefined : world.endpoints;
  if (slices.length === 0 && endpoints === undefined) return DONE;
  const child = childCondition(world.swh);
  const isPublishing = child !== undefined && child.reason !== CHILD_SERVICE_ADOPTING;
  // Where agents publish everything already, every moment of another's slices is one too many.
  const urgent = isPublishing ? slices.filter((slice) => !isOfThisProduct(slice)) : [];
  if (urgent.length > 0 || readyEndpoints(slices).length === 0) {
    return { kind: 'clear', slices: urgent.length > 0 ? urgent : slices, endpoints };
  }
  if (child === undefined) return { kind: 'announce', message: 'the pods are being probed' };
  const gate = gateOf(world, service, child);
  if (!gate.isOpen) return { kind: 'wait', for: 'verdicts', message: gate.message };
  return { kind: 'clear', slices, endpoints };
}

function gateOf(
  world: TakeOverWorld,
  service: Service,
  announced: Condition,
): ReturnType<typeof takeOverGate> {
  const announcedForMs = world.now.getTime() - Date.parse(announced.lastTransitionTime);
  return takeOverGate({ ...world, service, leftovers: leftoversOf(world), announcedForMs });
}

/**
 * The slices of the standard controllers, and those that this product's predecessors made without an owner. Slices of
 * any other maker are somebody's intention.
 */
function leftoversOf({ slices, swh }: TakeOverWorld): readonly EndpointSlice[] {
  return slices.filter((slice) => {
    const { labels, ownerReferences } = slice.metadata;
    if (labels?.[SERVICE_NAME_LABEL] !== swh.ref.name) return false;
    const manager = labels[MANAGED_BY_LABEL];
    const isOwnerless = !(ownerReferences ?? []).some(({ controller }) => controller === true);
    return (
      manager === STANDARD_MANAGER || manager === MIRRORING_MANAGER || (isOfThisProduct(slice) && isOwnerless)
    );
  });
}

/** Old leader elections keep their record on an Endpoints object, whose name may be anything. */
function isElectionRecord(endpoints: Endpoints | undefined): boolean {
  return endpoints?.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] !== undefined;
}

function announcement(swh: ServiceWithHealthchecks): Condition | undefined {
  const child = childCondition(swh);
  return child?.reason === CHILD_SERVICE_ADOPTING ? child : undefined;
}

function childCondition({ observed }: ServiceWithHealthchecks): Condition | undefined {
  return observed.conditions.find(({ type }) => type === CHILD_SERVICE_READY);
}

function isOfThisProduct({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}
