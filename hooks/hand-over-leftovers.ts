import { readObservedStatus } from '#lib/api/observed-status.ts';
import { selectorOf } from '#lib/api/selector-of.ts';
import type { Condition, KubernetesObject } from '#lib/core/kubernetes.ts';
import {
  announcedConditions,
  HAND_OVER_FINALIZER,
  type HandOverReason,
} from '#lib/core/service/hand-over.ts';
import { releaseProgram } from '#lib/core/service/release-program.ts';
import {
  CHILD_SERVICE_HANDED_OVER,
  CHILD_SERVICE_HANDING_OVER,
  CHILD_SERVICE_READY,
} from '#lib/core/slice/publication.ts';
import type { KubernetesBinding } from '#lib/hook/hook.ts';
import type { ModuleHook, ModuleOperation } from '#lib/hook/module-hook.ts';
import type { UncheckedServiceWithHealthchecks } from '#lib/kube/resources.ts';
import { OBJECTS, SERVICES, SLICES } from './bindings.ts';
import { followed } from './module.ts';
import { deletion } from './orphan-slices.ts';
import { probeSecretAccess, ROLE_BINDINGS, ROLES } from './probe-secret-access.ts';

/** An operator keeps these all the time, so it keeps no more of a slice than what is read. */
const SLICE_NAMES: KubernetesBinding = followed({
  ...SLICES,
  jqFilter: '{metadata: (.metadata | {namespace, name, labels, ownerReferences})}',
});
const ALL_OBJECTS = followed(OBJECTS);
const ACCESS = [followed(ROLES), followed(ROLE_BINDINGS)];

/** The standard controllers need no longer for the slices of a Service that has got its selector. */
const STANDARD_PATIENCE_MS = 4_000;

/**
 * What is left to do once the release is gone, with its rights and its programs: nothing as a rule, because the
 * controllers have given back everything before. Otherwise Services that are still ours are released, and in a later run
 * (the operator repeats a run that fails) our slices are deleted, as the standard ones are there by then.
 */
export const handOverLeftovers: ModuleHook = {
  name: 'hand-over-leftovers',
  config: { afterDeleteHelm: 1, kubernetes: [ALL_OBJECTS, SLICE_NAMES, ...ACCESS] },
  run({ snapshots, now }) {
    const objects = snapshots[ALL_OBJECTS.name] ?? [];
    const slices = snapshots[SLICE_NAMES.name] ?? [];
    const parts = objects.map((object) => leftoversOf(object, slicesOf(object, slices), now));
    const waiting = objects.filter((_, index) => parts[index]?.isWaiting === true);
    const access = probeSecretAccess.reconcile({ ...snapshots, [OBJECTS.name]: [] });
    return { operations: [...parts.flatMap(({ operations }) => operations), ...access, ...failure(waiting)] };
  },
};

interface Leftovers {
  readonly operations: readonly ModuleOperation[];
  readonly isWaiting: boolean;
}

function leftoversOf(object: KubernetesObject, slices: readonly KubernetesObject[], now: Date): Leftovers {
  const child = readObservedStatus(object).conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  if (child?.reason === CHILD_SERVICE_HANDED_OVER) {
    return { operations: [...slices.map(deletion), ...withoutFinalizer(object)], isWaiting: false };
  }
  if (child?.reason === CHILD_SERVICE_HANDING_OVER && elapsedMs(child, now) >= STANDARD_PATIENCE_MS) {
    const announced = announcement(object, CHILD_SERVICE_HANDED_OVER, now);
    const operations = [release(object), announced, ...slices.map(deletion), ...withoutFinalizer(object)];
    return { operations, isWaiting: false };
  }
  const isAnnounced = child?.reason === CHILD_SERVICE_HANDING_OVER;
  const announced = isAnnounced ? [] : [announcement(object, CHILD_SERVICE_HANDING_OVER, now)];
  return { operations: [release(object), ...announced], isWaiting: true };
}

function release(object: UncheckedServiceWithHealthchecks): ModuleOperation {
  const { namespace = '', name, uid = '' } = object.metadata;
  return {
    operation: 'JQPatch',
    apiVersion: SERVICES.apiVersion,
    kind: SERVICES.kind,
    namespace,
    name,
    jqFilter: releaseProgram({ uid, selector: selectorOf(object) }),
    ignoreMissingObject: true,
  };
}

function announcement(object: KubernetesObject, reason: HandOverReason, now: Date): ModuleOperation {
  const { namespace = '', name, generation = 0 } = object.metadata;
  const { conditions } = readObservedStatus(object);
  return {
    operation: 'MergePatch',
    apiVersion: OBJECTS.apiVersion,
    kind: OBJECTS.kind,
    namespace,
    name,
    mergePatch: { status: { conditions: announcedConditions(conditions, { reason, generation }, now) } },
    subresource: 'status',
    ignoreMissingObject: true,
  };
}

/** Nobody is left who would take it off when the object is deleted. */
function withoutFinalizer({ metadata }: KubernetesObject): readonly ModuleOperation[] {
  const { namespace = '', name, finalizers = [] } = metadata;
  if (!finalizers.includes(HAND_OVER_FINALIZER)) return [];
  const others = finalizers.filter((one) => one !== HAND_OVER_FINALIZER);
  const place = { apiVersion: OBJECTS.apiVersion, kind: OBJECTS.kind, namespace, name };
  return [
    {
      operation: 'MergePatch',
      ...place,
      mergePatch: { metadata: { finalizers: others } },
      ignoreMissingObject: true,
    },
  ];
}

/** Fails the run after its other operations, so that the operator comes back; the text is what its log shows. */
function failure([first, ...others]: readonly KubernetesObject[]): readonly ModuleOperation[] {
  if (first === undefined) return [];
  const { namespace = '', name } = first.metadata;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const text = `waiting for the standard slices of Service ${namespace}/${name}${more}; the next run goes on`;
  const place = { apiVersion: OBJECTS.apiVersion, kind: OBJECTS.kind, namespace, name };
  return [
    { operation: 'JQPatch', ...place, jqFilter: `error(${JSON.stringify(text)})`, ignoreMissingObject: true },
  ];
}

function slicesOf(
  { metadata: { uid } }: KubernetesObject,
  slices: readonly KubernetesObject[],
): readonly KubernetesObject[] {
  return slices.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid),
  );
}

function elapsedMs({ lastTransitionTime }: Condition, now: Date): number {
  return now.getTime() - Date.parse(lastTransitionTime);
}
