import type { IpFamily, Service } from '#lib/core/kubernetes.ts';
import { adoptionOf } from '#lib/core/service/adoption.ts';
import {
  controllerOf,
  desiredChildMetadata,
  metadataPatch,
} from '#lib/core/service/child-service-metadata.ts';
import {
  asMadeAnew,
  clusterIpMismatch,
  desiredChildSpec,
  specPatch,
} from '#lib/core/service/child-service-spec.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';

/** Body of a JSON merge patch, conditional on the version that the decision was made on. */
export type ChildServicePatch = Readonly<Record<string, unknown>>;

/** What has to happen to the Service that stands under the name of an object. */
export type ChildServiceDecision =
  | { readonly kind: 'inSync' }
  | { readonly kind: 'create'; readonly service: Service }
  | { readonly kind: 'update'; readonly patch: ChildServicePatch }
  /** The Service is somebody else's: it stays untouched. */
  | { readonly kind: 'conflict'; readonly message: string }
  /**
   * The Service is nobody's and has endpoints of its own: `claim` makes it the object's child, and takes its endpoints
   * away. So it is the last step of many: see `planTakeOver`.
   */
  | { readonly kind: 'takeOver'; readonly claim: ChildServicePatch }
  /** The Service is on its way out: another one can be made when it is gone. */
  | { readonly kind: 'waiting'; readonly message: string }
  /** An address was asked for that the Service cannot get any more; the rest is still kept up by `patch`. */
  | { readonly kind: 'clusterIpImmutable'; readonly message: string; readonly patch?: ChildServicePatch };

/**
 * Compares the Service of the object's name with the one that the object describes. Law: after the decision
 * has been carried out, the next one is `inSync` (or `clusterIpImmutable` without a patch); `claim` is carried out by
 * the take-over alone. `firstFamily`: see `firstFamilyOf`.
 */
export function decideChildService(
  swh: ServiceWithHealthchecks,
  current: Service | undefined,
  firstFamily?: IpFamily,
): ChildServiceDecision {
  if (current === undefined) return { kind: 'create', service: childService(swh) };
  const name = `${swh.ref.namespace}/${swh.ref.name}`;
  if (current.metadata.deletionTimestamp !== undefined) {
    return {
      kind: 'waiting',
      message: `Service ${name} is being deleted; it is created again once it is gone`,
    };
  }
  const adoption = adoptionOf(swh, current);
  if (adoption.kind === 'conflict') return adoption;
  const isOfPredecessor = !isChildOf(swh, current) && controllerOf(current.metadata) !== undefined;
  const wanted = isOfPredecessor ? asMadeAnew(swh.service, current.spec, firstFamily) : swh.service;
  if (wanted === undefined) {
    // Taken over it would keep its addresses and families for ever; left alone it goes with its owner.
    return {
      kind: 'waiting',
      message: `Service ${name} belongs to a predecessor of the same name and cannot become what is wanted; it is created again once the garbage collector has removed it`,
    };
  }
  const patch = patchOf(
    metadataPatch(desiredChildMetadata(swh, current.metadata), current.metadata),
    specPatch(desiredChildSpec(wanted, current.spec), current.spec),
    current.metadata.resourceVersion,
  );
  if (adoption.kind === 'takeOver') return { kind: 'takeOver', claim: patch ?? {} };
  const mismatch = clusterIpMismatch(swh.service, current.spec);
  if (mismatch !== undefined) {
    const message =
      `clusterIP ${mismatch.wanted} is wanted, but Service ${name} has ${mismatch.actual}, which cannot change; ` +
      'delete the Service to have it created again, or remove the field from the spec';
    return { kind: 'clusterIpImmutable', message, ...(patch === undefined ? {} : { patch }) };
  }
  return patch === undefined ? { kind: 'inSync' } : { kind: 'update', patch };
}

/** Whether the Service is the object's own child. */
export function isChildOf(swh: ServiceWithHealthchecks, service: Service): boolean {
  return controllerOf(service.metadata)?.uid === swh.uid;
}

function childService(swh: ServiceWithHealthchecks): Service {
  const { labels, annotations, owner } = desiredChildMetadata(swh);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...swh.ref, labels, annotations, ownerReferences: [owner] },
    spec: desiredChildSpec(swh.service, undefined),
  };
}

function patchOf(
  metadata: Readonly<Record<string, unknown>> | undefined,
  spec: Readonly<Record<string, unknown>> | undefined,
  resourceVersion: string | undefined,
): ChildServicePatch | undefined {
  if (metadata === undefined && spec === undefined) return undefined;
  const precondition = resourceVersion === undefined ? {} : { resourceVersion };
  return { metadata: { ...precondition, ...metadata }, ...(spec === undefined ? {} : { spec }) };
}
