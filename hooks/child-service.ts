import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { type KubernetesObject, keyOf, type ObjectRef, type Service } from '#lib/core/kubernetes.ts';
import { decideChildService } from '#lib/core/service/child-service.ts';
import { controllerOf, pointsAt } from '#lib/core/service/child-service-metadata.ts';
import { API_SERVICE_KEY, firstFamilyOf } from '#lib/core/service/first-family.ts';
import { undoSkipMirror } from '#lib/core/service/skip-mirror.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { OBJECTS, SERVICES } from './bindings.ts';

/**
 * Keeps the child Service of every object as the object describes it: see `decideChildService`. An object that is
 * rejected or being deleted leaves its Service alone, and so does one that has a Service to take over: that needs many
 * steps and somebody who waits between them (`images/controller/src/changing-hands/take-over-reconciler.ts`). What such a take-over has
 * put on a Service goes when it does not come to its end: the object is gone, or does not want the Service any more.
 * Keys are objects.
 */
export const childService: Hook = {
  name: 'child-service',
  config: { configVersion: 'v1', kubernetes: [OBJECTS, SERVICES] },
  // The API server's own Service tells every object something.
  keysOf: (binding, object) =>
    binding === SERVICES.name && keyOf(object) === API_SERVICE_KEY ? 'every' : [keyOf(object)],
  reconcile(snapshots) {
    const services = new Map((snapshots[SERVICES.name] ?? []).map((one) => [keyOf(one), asService(one)]));
    const firstFamily = firstFamilyOf(services.get(API_SERVICE_KEY));
    const objects = snapshots[OBJECTS.name] ?? [];
    const kept = objects.flatMap((object) => {
      const result = parseServiceWithHealthchecks(object);
      if (result.kind === 'rejected' || result.swh.isDeleting) return [];
      const { swh } = result;
      const current = services.get(keyOf(object));
      const decision = decideChildService(swh, current, firstFamily);
      if (decision.kind === 'create') return [{ operation: 'Create', object: decision.service } as const];
      if (decision.kind === 'conflict') return unmarked(current);
      return 'patch' in decision ? [patchOf(swh.ref, decision.patch)] : [];
    });
    const keys = new Set(objects.map(keyOf));
    const alone = [...services].filter(([key]) => !keys.has(key));
    return [...kept, ...alone.flatMap(([, service]) => unmarked(service))];
  },
};

/** One that a take-over has claimed goes with its object, or is given back. */
function unmarked(service: Service | undefined): readonly Operation[] {
  if (service === undefined || service.metadata.deletionTimestamp !== undefined) return [];
  const undone = undoSkipMirror(service.metadata);
  const owner = controllerOf(service.metadata);
  if (undone === undefined || (owner !== undefined && pointsAt(owner, service.metadata.name))) return [];
  const { namespace = '', name, resourceVersion } = service.metadata;
  return [patchOf({ namespace, name }, { metadata: { resourceVersion, ...undone } })];
}

function patchOf({ namespace, name }: ObjectRef, mergePatch: Readonly<Record<string, unknown>>): Operation {
  const { apiVersion, kind } = SERVICES;
  return { operation: 'MergePatch', apiVersion, kind, namespace, name, mergePatch };
}

function asService(object: KubernetesObject): Service {
  // The binding asks for this kind only.
  return object as Service;
}
