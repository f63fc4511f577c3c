import { readObservedStatus } from '#lib/api/observed-status.ts';
import type { Condition } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { CHILD_SERVICE_READY } from '#lib/core/slice/publication.ts';
import type { UncheckedServiceWithHealthchecks } from '#lib/kube/resources.ts';

/** Set by the controller: status `True` while the fail-open policy of the object is in force. */
export const FAIL_OPEN = 'FailOpen';

/**
 * The object with nothing but what agents act on. Every agent holds every object, and the status of an object
 * changes with each of its endpoints: what is left out here wakes nobody.
 */
export function slimSwh(swh: UncheckedServiceWithHealthchecks): UncheckedServiceWithHealthchecks {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp, labels } = swh.metadata;
  const { conditions, ipFamilies } = readObservedStatus(swh);
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: swh.spec,
    status: { conditions: conditions.flatMap(slimCondition), ...(ipFamilies && { ipFamilies }) },
  };
}

/** Whether two slim states of an object differ in anything that an agent acts on. */
export function differs(a: UncheckedServiceWithHealthchecks, b: UncheckedServiceWithHealthchecks): boolean {
  return !sameJson(factsOf(a), factsOf(b));
}

/** The generation stands for the spec. */
function factsOf({ metadata, status }: UncheckedServiceWithHealthchecks): unknown {
  const { uid, generation, deletionTimestamp, labels } = metadata;
  return { uid, generation, deletionTimestamp, labels, status };
}

/** Messages and times change while the meaning stays. */
function slimCondition({ type, status, reason, observedGeneration }: Condition): readonly Condition[] {
  if (type !== CHILD_SERVICE_READY && type !== FAIL_OPEN) return [];
  const isOfChild = type === CHILD_SERVICE_READY && observedGeneration !== undefined;
  const common = { type, status, reason, message: '', lastTransitionTime: '' };
  return [isOfChild ? { ...common, observedGeneration } : common];
}
