import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { EndpointSlice, KubernetesObject, ObjectRef, Pod, Service } from '#lib/core/kubernetes.ts';
import { keyOf } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { NOT_PROBED_YET } from '#lib/core/probe/verdict.ts';
import { publicationOf } from '#lib/core/slice/publication.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import type { KubeApi, ListScope, ObjectList, Resource } from '#lib/kube/kube-api.ts';
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { aNode, aVerdict } from './builders.ts';
import { apiError } from './memory-api.ts';
import { mergePatch, storeCreated, storePatched } from './service-defaulting.ts';

/** Thrown by the write after which a controller dies. */
export class Died extends Error {}

const NAMESPACE = 'default';
const NAME = 'web';
const REF: ObjectRef = { namespace: NAMESPACE, name: NAME };
const DELETED = '2026-01-01T02:00:00Z';
const STANDARD = `${NAME}-standard`;
const MIRRORED = `${NAME}-mirrored`;

/** A pod as the model needs it: what Kubernetes and what the probes say. */
export interface ModelPod {
  readonly pod: Pod;
  readonly passes: boolean;
}

/**
 * An API server with one Service, and the programs around it: the standard controllers, one agent, the garbage
 * collector. Each acts when it is told to, so that a test chooses the order.
 */
export class TakeOverModel {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #pods: readonly ModelPod[];
  readonly #probed = new Set<string>();
  #version = 100;
  /** Writes of the controller that go through before it dies; undefined: it lives. */
  writesLeft: number | undefined;
  /** Something that happens right after the controller's write of that number, from 1. */
  event: { readonly afterWrites: number; readonly happen: () => void } | undefined;
  /** Writes that the controller has made. */
  writes = 0;

  constructor(pods: readonly ModelPod[]) {
    this.#pods = pods;
  }

  find<T extends KubernetesObject>(resource: Resource<T>, ref: ObjectRef = REF): T | undefined {
    // Stored under the resource's own kind.
    return this.#objects.get(idOf(resource, keyOf({ metadata: ref }))) as T | undefined;
  }

  put<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
    this.#version += 1;
    const uid = object.metadata.uid ?? `uid-at-${this.#version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: `${this.#version}` } };
    this.#objects.set(idOf(resource, keyOf(object)), stored);
    return stored;
  }

  /** As the API server deletes: an object with finalizers only begins to go. */
  requestDeletion(resource: Resource<KubernetesObject>, ref: ObjectRef = REF): void {
    const object = this.find(resource, ref);
    if (object === undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.remove(resource, ref);
      return;
    }
    this.put(resource, { ...object, metadata: { ...object.metadata, deletionTimestamp: DELETED } });
  }

  remove(resource: Resource<KubernetesObject>, ref: ObjectRef = REF): void {
    this.#objects.delete(idOf(resource, keyOf({ metadata: ref })));
  }

  slices(): readonly EndpointSlice[] {
    // Stored under their own kind.
    return [...this.#objects].flatMap(([id, object]) =>
      id.startsWith('EndpointSlice ') ? [object as EndpointSlice] : [],
    );
  }

  /** The standard controllers look once at the Service, as their informer has it. */
  standard(service = this.find(SERVICES)): void {
    if (service === undefined) {
      this.remove(ENDPOINTS);
      return;
    }
    if (service.spec.selector === undefined) return;
    const labels = { ...service.metadata.labels };
    this.#write(ENDPOINTS, { metadata: { ...REF, labels } });
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const endpoints = this.#pods.map(({ pod }) => standardEndpoint(pod));
    const slice = sliceOf(STANDARD, 'endpointslice-controller.k8s.io', service);
    this.#write(ENDPOINT_SLICES, { ...slice, addressType: 'IPv4', ports, endpoints });
  }

  /** The mirroring controller looks at Service and Endpoints once. */
  mirror(): void {
    const [service, endpoints] = [this.find(SERVICES), this.find(ENDPOINTS)];
    const isSkipped = endpoints?.metadata.labels?.['endpointslice.kubernetes.io/skip-mirror'] === 'true';
    if (
      service === undefined ||
      endpoints === undefined ||
      service.spec.selector !== undefined ||
      isSkipped
    ) {
      this.remove(ENDPOINT_SLICES, { namespace: NAMESPACE, name: MIRRORED });
      return;
    }
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const shown = this.#pods.map(({ pod }) => ({ ...standardEndpoint(pod) }));
    const slice = sliceOf(MIRRORED, 'endpointslicemirroring-controller.k8s.io', endpoints);
    this.#write(ENDPOINT_SLICES, { ...slice, addressType: 'IPv4', ports, endpoints: shown });
  }

  /** The next pod gets its first verdict. */
  probe(): void {
    const next = this.#pods.find(({ pod }) => !this.#probed.has(pod.metadata.uid ?? ''));
    if (next !== undefined) this.#probed.add(next.pod.metadata.uid ?? '');
  }

  /** The agent plans once and applies its plan. */
  agent(): void {
    const parsed = parseServiceWithHealthchecks(this.find(SERVICES_WITH_HEALTHCHECKS));
    if (parsed.kind !== 'accepted') return;
    const { swh } = parsed;
    const plan = planSlices({
      ...{ swh, publication: publicationOf(swh), failOpenInForce: false, existing: this.slices() },
      node: nodeFacts('node-1', aNode()),
      pods: this.#pods.map(({ pod }) => pod),
      verdictOf: (uid) => this.#verdict(uid),
    });
    for (const slice of plan.create) this.put(ENDPOINT_SLICES, slice);
    for (const { next } of plan.update) this.put(ENDPOINT_SLICES, next);
    for (const { metadata } of plan.delete)
      this.remove(ENDPOINT_SLICES, { namespace: NAMESPACE, ...metadata });
  }

  /** The garbage collector removes everything whose owners are all gone. */
  collect(): void {
    const uids = new Set([...this.#objects.values()].map(({ metadata }) => metadata.uid));
    for (const [id, { metadata }] of this.#objects) {
      const owners = metadata.ownerReferences ?? [];
      if (owners.length > 0 && owners.every(({ uid }) => !uids.has(uid))) this.#objects.delete(id);
    }
  }

  /** The API as a controller sees it. */
  api(): KubeApi {
    const write = <T>(act: () => T): Promise<T> => {
      if (this.writesLeft === 0) return Promise.reject(new Died());
      if (this.writesLeft !== undefined) this.writesLeft -= 1;
      return Promise.resolve()
        .then(act)
        .finally(() => {
          this.writes += 1;
          if (this.event?.afterWrites === this.writes) this.event.happen();
        });
    };
    const found = <T extends KubernetesObject>(resource: Resource<T>, ref: ObjectRef): T => {
      const object = this.find(resource, ref);
      if (object === undefined) throw apiError(404, 'NotFound');
      return object;
    };
    return {
      get: async (resource, ref) => found(resource, ref),
      list: async <T extends KubernetesObject>(
        resource: Resource<T>,
        _scope: ListScope,
      ): Promise<ObjectList<T>> => {
        const items = [...this.#objects].filter(([id]) => id.startsWith(`${resource.kind} `));
        // Stored under the resource's own kind; every slice of the model is of the one Service.
        return { items: items.map(([, object]) => object as T), resourceVersion: `${this.#version}` };
      },
      watch: () => Promise.reject(new Error('the model has no watch')),
      create: (resource, object) =>
        write(() => {
          if (this.find(resource, object.metadata as ObjectRef) !== undefined)
            throw apiError(409, 'AlreadyExists');
          return this.#stored(resource, object, undefined);
        }),
      replace: () => Promise.reject(new Error('the model has no replace')),
      jsonPatch: () => Promise.reject(new Error('the model has no JSON patch')),
      mergePatch: (resource, ref, body) =>
        write(() => {
          const current = found(resource, ref);
          const version: unknown = Object(body['metadata'])['resourceVersion'];
          if (version !== undefined && version !== current.metadata.resourceVersion)
            throw apiError(409, 'Conflict');
          return this.#stored(resource, current, body);
        }),
      delete: (resource, ref, preconditions) =>
        write(() => {
          const { uid } = found(resource, ref).metadata;
          if (preconditions?.uid !== undefined && preconditions.uid !== uid) throw apiError(409, 'Conflict');
          this.remove(resource, ref);
        }),
    };
  }

  #stored<T extends KubernetesObject>(resource: Resource<T>, object: T, patch: object | undefined): T {
    const isService = resource.kind === SERVICES.kind;
    const service: KubernetesObject = object;
    const body = { ...patch };
    let next: unknown;
    if (patch === undefined) next = isService ? storeCreated(service as Service) : object;
    else next = isService ? storePatched(service as Service, body) : mergePatch(object, body);
    // What is stored is of the kind that was given.
    const stored = next as T;
    const { deletionTimestamp, finalizers = [] } = stored.metadata;
    if (deletionTimestamp === undefined || finalizers.length > 0) return this.put(resource, stored);
    this.remove(resource, { namespace: NAMESPACE, name: stored.metadata.name });
    return stored;
  }

  #write<T extends KubernetesObject>(resource: Resource<T>, object: T): void {
    const ref = { namespace: NAMESPACE, name: object.metadata.name };
    const current = this.find(resource, ref);
    const uid = current?.metadata.uid;
    const next = { ...object, metadata: { ...object.metadata, ...(uid === undefined ? {} : { uid }) } };
    this.put(resource, next);
  }

  #verdict(uid: string) {
    const isUp = this.#pods.find(({ pod }) => pod.metadata.uid === uid)?.passes === true;
    const isProbed = this.#probed.has(uid);
    const message = isProbed ? 'refused' : NOT_PROBED_YET;
    const isGood = isUp && isProbed;
    return aVerdict({
      isUp: isGood,
      hasBeenUp: isGood,
      failed: isGood ? [] : [{ index: 0, probe: 'tcp', message }],
    });
  }
}

/** What consumers see: whether any endpoint is ready, and addresses that two slices say different things about. */
export function consumersView(slices: readonly EndpointSlice[]): {
  readonly ready: readonly string[];
  readonly disagreements: readonly string[];
} {
  const endpoints = slices.flatMap(endpointsOf);
  const said = Map.groupBy(endpoints, ({ addresses }) => addresses[0] ?? '');
  const states = [...said].map(([address, list]) => {
    return [address, new Set(list.map(({ conditions }) => conditions?.ready !== false))] as const;
  });
  return {
    ready: states.filter(([, ready]) => ready.has(true)).map(([address]) => address),
    disagreements: states.filter(([, ready]) => ready.size > 1).map(([address]) => address),
  };
}

function standardEndpoint({ metadata, status }: Pod): EndpointSlice['endpoints'][number] {
  const ready =
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
  return {
    addresses: [status?.podIP ?? ''],
    conditions: { ready, serving: ready, terminating: false },
    nodeName: 'node-1',
    targetRef: { kind: 'Pod', namespace: NAMESPACE, name: metadata.name, uid: metadata.uid ?? '' },
  };
}

function sliceOf(name: string, manager: string, { metadata }: KubernetesObject) {
  const owner = { apiVersion: 'v1', kind: 'Service', name: NAME, uid: metadata.uid ?? '', controller: true };
  const labels = {
    'kubernetes.io/service-name': NAME,
    'endpointslice.kubernetes.io/managed-by': manager,
  };
  return { metadata: { namespace: NAMESPACE, name, labels, ownerReferences: [owner] } };
}

function idOf(resource: Resource<KubernetesObject>, key: string): string {
  return `${resource.kind} ${key}`;
}
