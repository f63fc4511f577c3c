import type {
  EndpointSlice,
  Endpoints,
  KubernetesEvent,
  KubernetesObject,
  Lease,
  Node,
  ObjectRef,
  Pod,
  Secret,
  Service,
} from '#lib/core/kubernetes.ts';
import type { Resource } from './kube-api.ts';

/** A ServiceWithHealthchecks as the API server sends it: not checked yet, so its parts are unknown. */
export interface UncheckedServiceWithHealthchecks extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** A Role of rbac.authorization.k8s.io/v1. */
export interface Role extends KubernetesObject {
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** A RoleBinding of rbac.authorization.k8s.io/v1. `roleRef` cannot be changed after creation. */
export interface RoleBinding extends KubernetesObject {
  readonly roleRef: { readonly apiGroup: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly apiGroup?: string;
  }[];
}

export interface Namespace extends KubernetesObject {
  readonly status?: { readonly phase?: string };
}

export const PODS: Resource<Pod> = core('Pod', 'pods');
export const SERVICES: Resource<Service> = core('Service', 'services');
export const ENDPOINTS: Resource<Endpoints> = core('Endpoints', 'endpoints');
export const SECRETS: Resource<Secret> = core('Secret', 'secrets');
export const CONFIG_MAPS: Resource<KubernetesObject> = core('ConfigMap', 'configmaps');
export const NODES: Resource<Node> = { ...core<Node>('Node', 'nodes'), namespaced: false };
export const NAMESPACES: Resource<Namespace> = {
  ...core<Namespace>('Namespace', 'namespaces'),
  namespaced: false,
};
export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};
export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
export const EVENTS: Resource<KubernetesEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};
export const ROLES: Resource<Role> = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
};
export const ROLE_BINDINGS: Resource<RoleBinding> = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
};
export const SERVICES_WITH_HEALTHCHECKS: Resource<UncheckedServiceWithHealthchecks> = {
  group: 'network.deckhouse.io',
  version: 'v1alpha1',
  kind: 'ServiceWithHealthchecks',
  plural: 'servicewithhealthchecks',
  namespaced: true,
};

const ALL: readonly Resource<KubernetesObject>[] = [
  PODS,
  SERVICES,
  ENDPOINTS,
  SECRETS,
  CONFIG_MAPS,
  NODES,
  NAMESPACES,
  ENDPOINT_SLICES,
  LEASES,
  EVENTS,
  ROLES,
  ROLE_BINDINGS,
  SERVICES_WITH_HEALTHCHECKS,
];

/** `group/version`, or `version` for the core group: the `apiVersion` of the resource's objects. */
export function apiVersionOf(resource: Resource<KubernetesObject>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource of a kind that the product touches. Throws for any other: it is a bug to ask. */
export function resourceOf(apiVersion: string, kind: string): Resource<KubernetesObject> {
  const found = ALL.find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion);
  if (found === undefined) throw new Error(`bug: no resource for ${apiVersion} ${kind}`);
  return found;
}

/** The path of a collection; with `namespace` '' of all namespaces. */
export function collectionPath(resource: Resource<KubernetesObject>, namespace: string): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${resource.version}${scope}/${resource.plural}`;
}

/** The path of one object. */
export function objectPath(resource: Resource<KubernetesObject>, ref: ObjectRef): string {
  if (resource.namespaced && ref.namespace === '') {
    throw new Error(`bug: ${resource.kind} ${ref.name} needs a namespace`);
  }
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
}

function core<T extends KubernetesObject>(kind: string, plural: string): Resource<T> {
  return { group: '', version: 'v1', kind, plural, namespaced: true };
}
