import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { secretNameOf } from '#lib/core/probe/probe-needs.ts';
import { sameJson } from '#lib/core/same-json.ts';
import type { Hook, KubernetesBinding, Operation, Snapshots } from '#lib/hook/hook.ts';
import { OBJECTS } from './bindings.ts';

/** Name of the Role and of the RoleBinding; the controller's own rights on these kinds end at it. */
export const PROBE_SECRETS = 'd8:service-with-healthchecks:agent-probe-secrets';

const RBAC = 'rbac.authorization.k8s.io';
const RBAC_V1 = `${RBAC}/v1`;
const nameSelector = { matchNames: [PROBE_SECRETS] };
/** What the hook keeps. */
export const ROLES: KubernetesBinding = { name: 'roles', apiVersion: RBAC_V1, kind: 'Role', nameSelector };
export const ROLE_BINDINGS: KubernetesBinding = {
  name: 'role-bindings',
  apiVersion: RBAC_V1,
  kind: 'RoleBinding',
  nameSelector,
};

/**
 * Lets agents read the Secrets that probes name, and no others: in each namespace that has such
 * probes one Role over these names and its RoleBinding; where there are none, none. Keys are namespaces.
 */
export const probeSecretAccess: Hook = {
  name: 'probe-secret-access',
  config: { configVersion: 'v1', kubernetes: [OBJECTS, ROLES, ROLE_BINDINGS] },
  keysOf: (_binding, { metadata }) => [metadata.namespace ?? ''],
  reconcile: (snapshots) => settleAll(snapshots, secretsByNamespace(snapshots[OBJECTS.name] ?? [])),
};

/** In place of `probeSecretAccess` where nobody may read Secrets: takes back every grant that there is. */
export const probeSecretWithdrawal: Hook = {
  ...probeSecretAccess,
  reconcile: (snapshots) => settleAll(snapshots, new Map()),
};

/** From the grants that there are to those over `secrets`, the names by namespace. */
function settleAll(
  snapshots: Snapshots,
  secrets: ReadonlyMap<string, readonly string[]>,
): readonly Operation[] {
  const roles = byNamespace(snapshots[ROLES.name] ?? []);
  const bindings = byNamespace(snapshots[ROLE_BINDINGS.name] ?? []);
  const namespaces = new Set([...secrets.keys(), ...roles.keys(), ...bindings.keys()]);
  return [...namespaces].sort().flatMap((namespace) => {
    const names = secrets.get(namespace);
    return [
      ...settle(ROLES, { current: roles.get(namespace), desired: names && role(namespace, names) }),
      ...settle(ROLE_BINDINGS, {
        current: bindings.get(namespace),
        desired: names && roleBinding(namespace),
      }),
    ];
  });
}

/** An object with more fields than all objects have. */
type RbacObject = KubernetesObject & Readonly<Record<string, unknown>>;

function role(namespace: string, resourceNames: readonly string[]): RbacObject {
  return {
    ...base(ROLES.kind, namespace),
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames, verbs: ['get', 'list', 'watch'] }],
  };
}

function roleBinding(namespace: string): RbacObject {
  return {
    ...base(ROLE_BINDINGS.kind, namespace),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: PROBE_SECRETS },
    subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: 'd8-service-with-healthchecks' }],
  };
}

function base(kind: string, namespace: string): KubernetesObject & { readonly kind: string } {
  const labels = { heritage: 'deckhouse', module: 'service-with-healthchecks' };
  return { apiVersion: RBAC_V1, kind, metadata: { namespace, name: PROBE_SECRETS, labels } };
}

interface Wanted {
  readonly current: KubernetesObject | undefined;
  readonly desired: RbacObject | undefined;
}

/** From what is to what should be. `roleRef` cannot change, so a wrong one goes and comes back right. */
function settle({ apiVersion, kind }: KubernetesBinding, { current, desired }: Wanted): readonly Operation[] {
  if (current === undefined) return desired === undefined ? [] : [{ operation: 'Create', object: desired }];
  const { namespace, name, resourceVersion, labels } = current.metadata;
  const place = { apiVersion, kind, namespace: namespace ?? '', name };
  const have: Readonly<Record<string, unknown>> = { ...current };
  if (desired === undefined || !sameJson(have['roleRef'], desired['roleRef'])) {
    return [{ operation: 'DeleteInBackground', ...place }];
  }
  const fields = Object.keys(desired).filter((field) => !IDENTITY.includes(field));
  const isSame = fields.every((field) => sameJson(have[field], desired[field]));
  const ours = desired.metadata.labels ?? {};
  if (isSame && sameJson({ ...labels, ...ours }, { ...labels })) return [];
  const content = Object.fromEntries(fields.map((field) => [field, desired[field]]));
  return [
    {
      operation: 'MergePatch',
      ...place,
      mergePatch: { metadata: { resourceVersion, labels: ours }, ...content },
    },
  ];
}

const IDENTITY = ['apiVersion', 'kind', 'metadata', 'roleRef'];

function byNamespace(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  const named = objects.filter(({ metadata }) => metadata.name === PROBE_SECRETS);
  return new Map(named.map((object) => [object.metadata.namespace ?? '', object]));
}

/** Sorted names of the Secrets that probes of accepted objects use; namespaces without any are absent. */
function secretsByNamespace(objects: readonly KubernetesObject[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const object of objects) {
    for (const name of secretsOf(object)) {
      const namespace = object.metadata.namespace ?? '';
      found.set(namespace, (found.get(namespace) ?? new Set()).add(name));
    }
  }
  return new Map([...found].map(([namespace, names]) => [namespace, [...names].sort()]));
}

function secretsOf(object: KubernetesObject): readonly string[] {
  const result = parseServiceWithHealthchecks(object);
  if (result.kind === 'rejected' || result.swh.isDeleting) return [];
  return result.swh.healthcheck.probes.flatMap((probe) => secretNameOf(probe) ?? []);
}
