import type { Service, ServicePort, ServiceSpec } from '#lib/core/kubernetes.ts';

/**
 * A model of what the API server does to a Service on its way into etcd, after `SetDefaults_Service`,
 * the allocators and `dropTypeDependentFields` of k8s.io/kubernetes. Allocation is deterministic.
 */
export function storeCreated(service: Service): Service {
  const spec = allocate(defaulted(service.spec));
  return { ...service, metadata: { ...service.metadata, uid: 'uid-child', resourceVersion: '1' }, spec };
}

/** The Service after a JSON merge patch. */
export function storePatched(current: Service, patch: Readonly<Record<string, unknown>>): Service {
  // A merge patch of a Service by a plan that was built from a Service is a Service again.
  const merged = mergePatch(current, patch) as Service;
  const spec = allocate(defaulted(followPolicy(dropTypeDependent(merged.spec, current.spec), current.spec)));
  const resourceVersion = `${Number(current.metadata.resourceVersion) + 1}`;
  return { ...merged, metadata: { ...merged.metadata, resourceVersion }, spec };
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = { ...(isRecord(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

type Draft = { -readonly [K in keyof ServiceSpec]: ServiceSpec[K] };

function defaulted(spec: ServiceSpec): Draft {
  const draft: Draft = { ...spec };
  draft.type ??= 'ClusterIP';
  draft.sessionAffinity ??= 'None';
  if (draft.sessionAffinity === 'None') delete draft.sessionAffinityConfig;
  else draft.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  draft.ports = (draft.ports ?? []).map((port) => ({
    ...port,
    protocol: port.protocol ?? 'TCP',
    targetPort: port.targetPort ?? port.port,
  }));
  const isExternal = draft.type === 'NodePort' || draft.type === 'LoadBalancer';
  if (isExternal || (draft.type === 'ClusterIP' && (draft.externalIPs ?? []).length > 0)) {
    draft.externalTrafficPolicy ??= 'Cluster';
  }
  if (draft.type !== 'ExternalName') draft.internalTrafficPolicy ??= 'Cluster';
  if (draft.type === 'LoadBalancer') draft.allocateLoadBalancerNodePorts ??= true;
  return draft;
}

function allocate(draft: Draft): ServiceSpec {
  if (draft.type !== 'ExternalName') {
    draft.ipFamilyPolicy ??= defaultPolicy(draft);
    draft.ipFamilies ??= draft.ipFamilyPolicy === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
    draft.clusterIP ??= draft.clusterIPs?.[0] ?? '10.96.0.7';
    draft.clusterIPs ??=
      draft.ipFamilies.length === 1 || draft.clusterIP === 'None'
        ? [draft.clusterIP]
        : [draft.clusterIP, 'fd00::7'];
  }
  const needsNodePorts =
    draft.type === 'NodePort' ||
    (draft.type === 'LoadBalancer' && draft.allocateLoadBalancerNodePorts === true);
  if (needsNodePorts) draft.ports = (draft.ports ?? []).map(withNodePort);
  if (draft.type === 'LoadBalancer' && draft.externalTrafficPolicy === 'Local') {
    draft.healthCheckNodePort ??= 32_000;
  }
  return draft;
}

/** Families follow their policy: the second one goes, or comes. */
function followPolicy(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const { ipFamilies = [], clusterIPs = [], ipFamilyPolicy } = next;
  const isUnchanged = JSON.stringify(ipFamilies) === JSON.stringify(before.ipFamilies ?? []);
  if (ipFamilyPolicy === before.ipFamilyPolicy || !isUnchanged || ipFamilies.length === 0) return next;
  if (ipFamilyPolicy === 'SingleStack') {
    return { ...next, ipFamilies: ipFamilies.slice(0, 1), clusterIPs: clusterIPs.slice(0, 1) };
  }
  if (ipFamilies.length > 1) return next;
  const isSix = ipFamilies[0] === 'IPv6';
  return {
    ...next,
    ipFamilies: isSix ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'],
    clusterIPs: clusterIPs[0] === 'None' ? clusterIPs : [...clusterIPs, isSix ? '10.96.0.7' : 'fd00::7'],
  };
}

function defaultPolicy({ clusterIP, selector = {}, ipFamilies = [] }: Draft): string {
  const isAnyFamily = clusterIP === 'None' && Object.keys(selector).length === 0;
  return isAnyFamily || ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack';
}

function withNodePort(port: ServicePort): ServicePort {
  return { ...port, nodePort: port.nodePort ?? 30_000 + (port.port % 2_000) };
}

/** Fields that belong to another type go when the type changes and the patch did not touch them. */
function dropTypeDependent(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const dropped = new Set<keyof ServiceSpec>();
  if (next.type === 'ExternalName' && before.type !== 'ExternalName') {
    for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) dropped.add(key);
  }
  // Seen on a real 1.34: an unchanged policy goes with the next write, whatever that was about.
  if (next.type === 'ExternalName') dropped.add('internalTrafficPolicy');
  if (needsCheckPort(before) && !needsCheckPort(next)) dropped.add('healthCheckNodePort');
  if (before.type === 'LoadBalancer' && next.type !== 'LoadBalancer') {
    dropped.add('allocateLoadBalancerNodePorts').add('loadBalancerClass');
  }
  const draft: Draft = { ...next };
  for (const key of dropped) {
    if (JSON.stringify(next[key]) === JSON.stringify(before[key])) delete draft[key];
  }
  return draft;
}

function needsCheckPort(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
