import type {
  Condition,
  Container,
  ContainerStatus,
  Endpoint,
  EndpointPort,
  EndpointSlice,
  IpFamily,
  Node,
  ObjectMeta,
  Pod,
  PodCondition,
  ServiceSpec,
} from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import type { Healthcheck, HttpProbe, PostgresqlProbe, TcpProbe } from '#lib/core/probe/probe.ts';
import { API_VERSION, KIND, type ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  NODE_LABEL,
  SERVICE_NAME_LABEL,
} from '#lib/core/slice/endpoint-slice-metadata.ts';

/** Small builders of the objects that tests speak about. Every default is valid; name only what matters. */

const EPOCH = '2026-01-01T00:00:00Z';

export interface PodGiven {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly isTerminating?: boolean;
  readonly nodeName?: string;
  /** Addresses in `status.podIPs`; the first is the primary one. */
  readonly ips?: readonly string[];
  readonly phase?: string;
  /** The pod's Ready condition and, unless statuses are given, the readiness of each container. */
  readonly isReady?: boolean;
  /** Further conditions, such as readiness gates. */
  readonly conditions?: readonly PodCondition[];
  readonly containers?: readonly Container[];
  readonly containerStatuses?: readonly ContainerStatus[];
  /** Everything else of spec and status, laid over the rest. */
  readonly spec?: Partial<Pod['spec']>;
  readonly status?: Partial<NonNullable<Pod['status']>>;
}

/** A running, ready pod `web-1` with label `app: web` and one container that declares port 8080 as `http`. */
export function aPod(given: PodGiven = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMeta(given),
    spec: { nodeName: given.nodeName ?? 'node-1', containers: containersOf(given), ...given.spec },
    status: podStatus(given),
  };
}

function podMeta(given: PodGiven): ObjectMeta {
  const name = given.name ?? 'web-1';
  return {
    namespace: given.namespace ?? 'default',
    name,
    uid: given.uid ?? `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: given.creationTimestamp ?? EPOCH,
    labels: given.labels ?? { app: 'web' },
    ...(given.isTerminating === true ? { deletionTimestamp: '2026-01-01T01:00:00Z' } : {}),
  };
}

function containersOf(given: PodGiven): readonly Container[] {
  return (
    given.containers ?? [{ name: 'main', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }]
  );
}

function podStatus(given: PodGiven): NonNullable<Pod['status']> {
  const isReady = given.isReady ?? true;
  const ips = given.ips ?? ['10.1.0.1'];
  return {
    phase: given.phase ?? 'Running',
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: EPOCH,
    conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }, ...(given.conditions ?? [])],
    containerStatuses:
      given.containerStatuses ??
      containersOf(given).map(({ name }) => ({
        name,
        ready: isReady,
        restartCount: 0,
        state: { running: { startedAt: EPOCH } },
      })),
    ...given.status,
  };
}

export interface NodeGiven {
  readonly name?: string;
  /** Status of the Ready condition; `null`: the node has not reported any. */
  readonly ready?: 'True' | 'False' | 'Unknown' | null;
  readonly zone?: string;
}

/** A ready node `node-1` without zone. */
export function aNode({ name = 'node-1', ready = 'True', zone }: NodeGiven = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: '1',
      labels: zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone },
    },
    status: { conditions: ready === null ? [] : [{ type: 'Ready', status: ready }] },
  };
}

export interface EndpointGiven {
  readonly podName?: string;
  readonly podUid?: string;
  readonly address?: string;
  readonly nodeName?: string;
  readonly conditions?: Endpoint['conditions'];
  readonly rest?: Partial<Endpoint>;
}

/** A ready endpoint of pod `web-1` on `node-1`. */
export function anEndpoint(given: EndpointGiven = {}): Endpoint {
  const name = given.podName ?? 'web-1';
  return {
    addresses: [given.address ?? '10.1.0.1'],
    conditions: given.conditions ?? { ready: true, serving: true, terminating: false },
    nodeName: given.nodeName ?? 'node-1',
    targetRef: { kind: 'Pod', namespace: 'default', name, uid: given.podUid ?? `uid-${name}` },
    ...given.rest,
  };
}

export interface SliceGiven {
  readonly namespace?: string;
  readonly name?: string;
  /** Name and uid of the owning ServiceWithHealthchecks. */
  readonly swhName?: string;
  readonly swhUid?: string;
  readonly nodeName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resourceVersion?: string;
  readonly addressType?: IpFamily;
  readonly endpoints?: readonly Endpoint[];
  readonly ports?: readonly EndpointPort[];
}

/** A slice of ours for the object `web` on `node-1` with one ready endpoint. */
export function aSlice(given: SliceGiven = {}): EndpointSlice {
  const swhName = given.swhName ?? 'web';
  const name = given.name ?? `${swhName}-abc`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: given.namespace ?? 'default',
      name,
      uid: `uid-${name}`,
      resourceVersion: given.resourceVersion ?? '1',
      creationTimestamp: EPOCH,
      labels: {
        [SERVICE_NAME_LABEL]: swhName,
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [NODE_LABEL]: given.nodeName ?? 'node-1',
        ...given.labels,
      },
      ...(given.annotations === undefined ? {} : { annotations: given.annotations }),
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: KIND,
          name: swhName,
          uid: given.swhUid ?? `uid-${swhName}`,
          controller: true,
        },
      ],
    },
    addressType: given.addressType ?? 'IPv4',
    endpoints: given.endpoints ?? [anEndpoint({ nodeName: given.nodeName ?? 'node-1' })],
    ports: given.ports ?? [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

export interface SwhGiven {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly isDeleting?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Laid over the default Service part. */
  readonly service?: Partial<ServiceSpec>;
  /** Laid over the default healthcheck. */
  readonly healthcheck?: Partial<Healthcheck>;
  readonly adoptionPolicy?: ServiceWithHealthchecks['adoptionPolicy'];
  readonly deletionPolicy?: ServiceWithHealthchecks['deletionPolicy'];
  readonly conditions?: readonly Condition[];
  readonly ipFamilies?: readonly IpFamily[];
}

/** An accepted object `web` with a ready child Service on port 80 → 8080 and one TCP probe on 8080. */
export function anSwh(given: SwhGiven = {}): ServiceWithHealthchecks {
  const name = given.name ?? 'web';
  return {
    ref: { namespace: given.namespace ?? 'default', name },
    uid: given.uid ?? `uid-${name}`,
    generation: given.generation ?? 1,
    isDeleting: given.isDeleting ?? false,
    labels: given.labels ?? {},
    annotations: given.annotations ?? {},
    service: {
      type: 'ClusterIP',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...given.service,
    },
    healthcheck: aHealthcheck(given.healthcheck),
    adoptionPolicy: given.adoptionPolicy ?? 'Adopt',
    deletionPolicy: given.deletionPolicy ?? 'Delete',
    observed: {
      conditions: given.conditions ?? [aCondition({ type: 'ChildServiceReady' })],
      ipFamilies: given.ipFamilies ?? ['IPv4'],
    },
  };
}

/** The defaults of the custom resource with one TCP probe. */
export function aHealthcheck(given: Partial<Healthcheck> = {}): Healthcheck {
  return {
    initialDelayMs: 10_000,
    periodMs: 10_000,
    sentinel: false,
    podReadiness: 'Container',
    requirement: { type: 'All' },
    failOpen: { type: 'None' },
    probes: [aTcpProbe()],
    ...given,
  };
}

const PROBE_DEFAULTS = { port: 8080, timeoutMs: 1000, successThreshold: 1, failureThreshold: 3 };

export function aTcpProbe(given: Partial<TcpProbe> = {}): TcpProbe {
  return { kind: 'tcp', ...PROBE_DEFAULTS, ...given };
}

export function anHttpProbe(given: Partial<HttpProbe> = {}): HttpProbe {
  return {
    kind: 'http',
    ...PROBE_DEFAULTS,
    scheme: 'HTTP',
    method: 'GET',
    path: '/',
    headers: [],
    verifyTls: true,
    version: 'HTTP1',
    connection: 'Fresh',
    ...given,
  };
}

export function aPostgresqlProbe(given: Partial<PostgresqlProbe> = {}): PostgresqlProbe {
  return { kind: 'postgresql', ...PROBE_DEFAULTS, port: 5432, query: 'select 1', ...given };
}

/** A condition with status True. */
export function aCondition(given: Partial<Condition> & { readonly type: string }): Condition {
  return {
    status: 'True',
    reason: `${given.type}Reason`,
    message: '',
    lastTransitionTime: EPOCH,
    observedGeneration: 1,
    ...given,
  };
}

/** A verdict that is up and always was. */
export function aVerdict(given: Partial<EndpointVerdict> = {}): EndpointVerdict {
  return { isUp: true, hasBeenUp: true, since: EPOCH, failed: [], ...given };
}
