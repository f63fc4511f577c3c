import type { ObjectMeta, OwnerReference } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { HELM_POLICY, helmReleaseKey, isHelmMark } from '#lib/core/service/deployment-tool.ts';
import { isTracking } from '#lib/core/service/gitops-tracking.ts';
import { skipsMirror, undoSkipMirror } from '#lib/core/service/skip-mirror.ts';
import {
  API_VERSION,
  GROUP,
  KIND,
  type ServiceWithHealthchecks,
} from '#lib/core/service-with-healthchecks.ts';
import { HERITAGE, HERITAGE_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';

/**
 * Label of the child with the object's name. The standard controllers copy the labels of a Service to what they make of
 * it: by this one the API server knows a slice that must not be (`templates/controller/admission-policy.yaml`).
 */
export const CHILD_LABEL = 'network.deckhouse.io/service-with-healthchecks';

/**
 * Annotations of the child that list the keys copied from the parent, sorted and joined by commas. Names and
 * form are those of the module that this one replaces, so that its child Services are taken over as they are.
 */
export const PROPAGATED_ANNOTATIONS = 'network.deckhouse.io/propagated-annotations';
export const PROPAGATED_LABELS = 'network.deckhouse.io/propagated-labels';

type StringMap = Readonly<Record<string, string>>;

/** Labels, annotations and the owner that the child must carry; what it has beyond them is not ours. */
export interface ChildMetadata {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly owner: OwnerReference;
}

/**
 * What the child of an object carries: its labels and annotations without those that belong to tools. `current` is the
 * Service that becomes or is the child, if there is one.
 *
 * A Service that was a user's before, or is to be one afterwards, stays open to the user's tools: the platform lets
 * nobody change what has the heritage label. One that outlives the object passes into the Helm release of the object, and
 * one that is still in a release is not to be deleted when the release drops it.
 */
export function desiredChildMetadata(swh: ServiceWithHealthchecks, current?: ObjectMeta): ChildMetadata {
  const isRetained = swh.deletionPolicy === 'Retain';
  const isOfRelease = current !== undefined && isInRelease(current);
  const isPassedOn = (key: string, value: string) =>
    !NEVER_COPIED.includes(key) &&
    (!isTracking(key, value) || (isRetained && !isOfRelease && isHelmMark(key, value)));
  const labels = pick(swh.labels, (key, value) => !OURS_ALONE.includes(key) && isPassedOn(key, value));
  const annotations = pick(swh.annotations, isPassedOn);
  const isUsers = isRetained || (current !== undefined && skipsMirror(current));
  return {
    labels: { ...labels, [CHILD_LABEL]: swh.ref.name, ...(isUsers ? {} : { [HERITAGE_LABEL]: HERITAGE }) },
    annotations: {
      ...annotations,
      ...trackingOf(PROPAGATED_ANNOTATIONS, annotations),
      ...trackingOf(PROPAGATED_LABELS, labels),
      ...(isOfRelease ? { [HELM_POLICY]: 'keep' } : {}),
    },
    owner: { apiVersion: API_VERSION, kind: KIND, name: swh.ref.name, uid: swh.uid, controller: true },
  };
}

/** Whether a Helm release contains the Service, by marks that are not copied from its object. */
function isInRelease(current: ObjectMeta): boolean {
  const key = helmReleaseKey(current);
  return key !== undefined && !keysIn(current.annotations?.[PROPAGATED_ANNOTATIONS]).includes(key);
}

/** `metadata` of a merge patch that gives the Service what is desired; undefined when it has it. */
export function metadataPatch(
  desired: ChildMetadata,
  current: ObjectMeta,
): Readonly<Record<string, unknown>> | undefined {
  const tracked = current.annotations ?? {};
  const labels = mapPatch(desired.labels, current.labels, [
    ...keysIn(tracked[PROPAGATED_LABELS]),
    ...(current.labels?.[HERITAGE_LABEL] === HERITAGE ? [HERITAGE_LABEL] : []),
  ]);
  const annotations = mapPatch(desired.annotations, current.annotations, [
    ...keysIn(tracked[PROPAGATED_ANNOTATIONS]),
    ...TRACKING_KEYS.filter((key) => tracked[key]),
  ]);
  const ownerReferences = ownersWith(desired.owner, current.ownerReferences ?? []);
  const patch = {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The owner that controls the object, if any; plain owner references do not count. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/**
 * Whether an owner reference points at the object of that name. The uid does not count: an object that was
 * deleted and created again takes its child over.
 */
export function pointsAt(owner: OwnerReference, name: string): boolean {
  return owner.kind === KIND && owner.name === name && owner.apiVersion.split('/')[0] === GROUP;
}

/**
 * Parts of a merge patch that make the child an ordinary Service again: our owner reference and our bookkeeping go; what
 * was copied from the parent stays, because it was the user's wish for the Service.
 */
export function releasedMetadata(metadata: ObjectMeta): {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly ownerReferences: readonly OwnerReference[];
} {
  const { labels, annotations, ownerReferences = [] } = metadata;
  const undone = undoSkipMirror(metadata);
  const isMarked = labels?.[HERITAGE_LABEL] === HERITAGE;
  const isKept = annotations?.[HELM_POLICY] === 'keep';
  const tracked = TRACKING_KEYS.filter((key) => annotations?.[key] !== undefined);
  const ours = [...tracked, ...(isKept ? [HELM_POLICY] : [])];
  return {
    labels: { ...undone?.labels, [CHILD_LABEL]: null, ...(isMarked ? { [HERITAGE_LABEL]: null } : {}) },
    annotations: { ...undone?.annotations, ...Object.fromEntries(ours.map((key) => [key, null])) },
    ownerReferences: ownerReferences.filter(({ controller }) => controller !== true),
  };
}

const TRACKING_KEYS: readonly string[] = [PROPAGATED_ANNOTATIONS, PROPAGATED_LABELS];

const OURS_ALONE: readonly string[] = [CHILD_LABEL, HERITAGE_LABEL];

const NEVER_COPIED: readonly string[] = [
  ...TRACKING_KEYS,
  'kubectl.kubernetes.io/last-applied-configuration',
];

function pick(map: StringMap, isPicked: (key: string, value: string) => boolean): StringMap {
  return Object.fromEntries(Object.entries(map).filter(([key, value]) => isPicked(key, value)));
}

function trackingOf(annotation: string, copied: StringMap): StringMap {
  const keys = Object.keys(copied).sort();
  return keys.length === 0 ? {} : { [annotation]: keys.join(',') };
}

function keysIn(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').filter((key) => key !== '');
}

function mapPatch(
  desired: StringMap,
  current: StringMap | undefined,
  ours: readonly string[],
): Readonly<Record<string, string | null>> | undefined {
  const have = current ?? {};
  const changed = Object.entries(desired).filter(([key, value]) => have[key] !== value);
  const dropped = ours.filter((key) => Object.hasOwn(have, key) && !Object.hasOwn(desired, key));
  if (changed.length === 0 && dropped.length === 0) return undefined;
  return { ...Object.fromEntries(dropped.map((key) => [key, null])), ...Object.fromEntries(changed) };
}

/** The whole list, because a merge patch replaces lists; undefined when the owner is there already. */
function ownersWith(
  owner: OwnerReference,
  current: readonly OwnerReference[],
): readonly OwnerReference[] | undefined {
  const { blockOwnerDeletion: _, ...found } = current.find((other) => other.controller === true) ?? {};
  if (sameJson(found, owner)) return undefined;
  return [...current.filter((other) => other.controller !== true && other.uid !== owner.uid), owner];
}
