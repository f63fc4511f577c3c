import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { type KubernetesObject, keyOf, type ObjectRef, type Service } from '#lib/core/kubernetes.ts';
import { decideChildService } from '#lib/core/service/child-service.ts';
import { API_SERVICE_KEY, firstFamilyOf } from '#lib/core/service/first-family.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { OBJECTS, SERVICES } from './bindings.ts';

/**
 * Keeps the child Service of every object as the object describes it: see `decideChildService`. An object that is
 * rejected or being deleted leaves its Service alone, and so does one that has a Service to take over: that needs many
 * steps and somebody who waits between them (`images/controller/src/take-over-reconciler.ts`). Keys are objects.
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
    return (snapshots[OBJECTS.name] ?? []).flatMap((object) => {
      const result = parseServiceWithHealthchecks(object);
      if (result.kind === 'rejected' || result.swh.isDeleting) return [];
      const { swh } = result;
      const decision = decideChildService(swh, services.get(keyOf(object)), firstFamily);
      if (decision.kind === 'create') return [{ operation: 'Create', object: decision.service } as const];
      return 'patch' in decision ? [patchOf(swh.ref, decision.patch)] : [];
    });
  },
};

function patchOf({ namespace, name }: ObjectRef, mergePatch: Readonly<Record<string, unknown>>): Operation {
  const { apiVersion, kind } = SERVICES;
  return { operation: 'MergePatch', apiVersion, kind, namespace, name, mergePatch };
}

function asService(object: KubernetesObject): Service {
  // The binding asks for this kind only.
  return object as Service;
}
