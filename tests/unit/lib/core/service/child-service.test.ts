import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpFamily, Service, ServiceSpec } from '#lib/core/kubernetes.ts';
import { type ChildServiceDecision, decideChildService } from '#lib/core/service/child-service.ts';
import {
  CHILD_LABEL,
  PROPAGATED_ANNOTATIONS,
  PROPAGATED_LABELS,
} from '#lib/core/service/child-service-metadata.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { anSwh } from '../../../../support/builders.ts';
import { deepFreeze } from '../../../../support/deep-freeze.ts';
import { storeCreated, storePatched } from '../../../../support/service-defaulting.ts';

const port = { name: 'http', port: 80 };

/** The object with exactly this Service spec. */
function swhWith(service: ServiceSpec, more: Partial<ServiceWithHealthchecks> = {}): ServiceWithHealthchecks {
  return { ...anSwh(), service: { selector: { app: 'web' }, ...service }, ...more };
}

function childOf(swh: ServiceWithHealthchecks): Service {
  const decision = decideChildService(swh, undefined);
  if (decision.kind !== 'create') throw new Error(`expected a create, got ${decision.kind}`);
  return storeCreated(decision.service);
}

function applied(decision: ChildServiceDecision, current: Service): Service {
  if (decision.kind === 'update') return storePatched(current, decision.patch);
  if (decision.kind === 'clusterIpImmutable' && decision.patch !== undefined) {
    return storePatched(current, decision.patch);
  }
  return current;
}

const SPECS: readonly { readonly name: string; readonly spec: ServiceSpec }[] = [
  { name: 'nothing but a port', spec: { ports: [port] } },
  { name: 'a headless Service', spec: { clusterIP: 'None', ports: [port] } },
  { name: 'a requested address', spec: { clusterIP: '10.96.1.1', ports: [port] } },
  { name: 'a NodePort', spec: { type: 'NodePort', ports: [port] } },
  {
    name: 'a NodePort with a chosen port',
    spec: { type: 'NodePort', ports: [{ ...port, nodePort: 31_000 }] },
  },
  { name: 'a LoadBalancer', spec: { type: 'LoadBalancer', ports: [port] } },
  {
    name: 'a local LoadBalancer of a class',
    spec: {
      type: 'LoadBalancer',
      ports: [port],
      externalTrafficPolicy: 'Local',
      loadBalancerClass: 'a.io/b',
      loadBalancerIP: '192.0.2.1',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
    },
  },
  {
    name: 'a LoadBalancer without node ports',
    spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports: [port] },
  },
  { name: 'an external name', spec: { type: 'ExternalName', externalName: 'example.org' } },
  {
    name: 'an external name with a policy',
    spec: { type: 'ExternalName', externalName: 'example.org', internalTrafficPolicy: 'Local' },
  },
  { name: 'external addresses', spec: { externalIPs: ['192.0.2.9'], ports: [port] } },
  { name: 'session affinity', spec: { sessionAffinity: 'ClientIP', ports: [port] } },
  {
    name: 'affinity with a time',
    spec: {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      ports: [port],
    },
  },
  { name: 'dual stack', spec: { ipFamilyPolicy: 'PreferDualStack', ports: [port] } },
  {
    name: 'everything else',
    spec: {
      internalTrafficPolicy: 'Local',
      publishNotReadyAddresses: true,
      trafficDistribution: 'PreferClose',
      ports: [
        { name: 'a', port: 53, protocol: 'UDP', targetPort: 'dns' },
        { name: 'b', port: 53, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
      ],
    },
  },
];

describe('the child of a predecessor of the same name', () => {
  const plain: ServiceSpec = { ports: [port] };
  const headless: ServiceSpec = { clusterIP: 'None', ports: [port] };
  const sixes: ServiceSpec = { ...plain, ipFamilies: ['IPv6'] };
  const external: ServiceSpec = { type: 'ExternalName', externalName: 'example.org' };
  it.each<{ name: string; before: ServiceSpec; wanted: ServiceSpec; want: string }>([
    { name: 'is taken over where it fits', before: plain, wanted: plain, want: 'update' },
    { name: 'is taken over as headless', before: headless, wanted: headless, want: 'update' },
    { name: 'is waited out to become headless', before: plain, wanted: headless, want: 'waiting' },
    { name: 'is waited out to get an address', before: headless, wanted: plain, want: 'waiting' },
    {
      name: 'is waited out to get another address',
      before: plain,
      wanted: { ...plain, clusterIP: '10.96.9.9' },
      want: 'waiting',
    },
    { name: 'is waited out for another first family', before: plain, wanted: sixes, want: 'waiting' },
    { name: 'is taken over where it has no address', before: external, wanted: plain, want: 'update' },
  ])('$name', ({ before, wanted, want }) => {
    const child = childOf(swhWith(before, { uid: 'uid-before' }));
    expect(decideChildService(swhWith(wanted), child).kind).toBe(want);
  });
});

describe('the families of the child of a predecessor', () => {
  const open: ServiceSpec = { ports: [port] };
  const dual: ServiceSpec = { ...open, ipFamilyPolicy: 'RequireDualStack' };
  const sixes: ServiceSpec = { ...open, ipFamilies: ['IPv6'] };
  it.each<{
    name: string;
    before: ServiceSpec;
    wanted?: ServiceSpec;
    firstFamily?: IpFamily;
    want: readonly IpFamily[] | 'waiting';
  }>([
    { name: 'stay where they are the default', before: open, firstFamily: 'IPv4', want: ['IPv4'] },
    { name: 'become the default one again', before: dual, firstFamily: 'IPv4', want: ['IPv4'] },
    { name: 'are not to be had', before: sixes, firstFamily: 'IPv4', want: 'waiting' },
    { name: 'are the default of another cluster', before: sixes, firstFamily: 'IPv6', want: ['IPv6'] },
    { name: 'stay where the default is not known', before: sixes, want: ['IPv6'] },
    {
      name: 'stay where they are asked for',
      before: sixes,
      wanted: sixes,
      firstFamily: 'IPv4',
      want: ['IPv6'],
    },
    {
      name: 'become two where two are asked for',
      before: open,
      wanted: { ...open, ipFamilyPolicy: 'PreferDualStack' },
      firstFamily: 'IPv4',
      want: ['IPv4', 'IPv6'],
    },
    {
      name: 'stay two where two are named',
      before: dual,
      wanted: { ...open, ipFamilies: ['IPv4', 'IPv6'] },
      firstFamily: 'IPv4',
      want: ['IPv4', 'IPv6'],
    },
    {
      name: 'follow an address that is asked for',
      before: { ...dual, clusterIP: '10.96.1.1' },
      wanted: { ...open, clusterIP: '10.96.1.1' },
      firstFamily: 'IPv6',
      want: ['IPv4'],
    },
  ])('$name', ({ before, wanted = open, firstFamily, want }) => {
    const child = childOf(swhWith(before, { uid: 'uid-before' }));
    const decision = decideChildService(swhWith(wanted), child, firstFamily);
    const next = applied(decision, child);
    expect(decision.kind === 'waiting' ? 'waiting' : next.spec.ipFamilies).toEqual(want);
    if (want !== 'waiting') {
      expect(decideChildService(swhWith(wanted), next, firstFamily)).toEqual({ kind: 'inSync' });
    }
  });
});

describe('the families of a headless child', () => {
  const headless: ServiceSpec = { clusterIP: 'None', ports: [port] };
  it.each<{ name: string; spec: ServiceSpec; want: readonly string[] }>([
    { name: 'one, as with a selector', spec: headless, want: ['IPv4'] },
    { name: 'the one that is named', spec: { ...headless, ipFamilies: ['IPv6'] }, want: ['IPv6'] },
    {
      name: 'two where the policy says so',
      spec: { ...headless, ipFamilyPolicy: 'PreferDualStack' },
      want: ['IPv4', 'IPv6'],
    },
    {
      name: 'two where two are named',
      spec: { ...headless, ipFamilies: ['IPv4', 'IPv6'] },
      want: ['IPv4', 'IPv6'],
    },
  ])('are $name', ({ spec, want }) => {
    expect(childOf(swhWith(spec)).spec.ipFamilies).toEqual(want);
  });

  it('stay as they are on a Service that is taken over', () => {
    const dual: ServiceSpec = { ...headless, ipFamilyPolicy: 'RequireDualStack' };
    const child = childOf(swhWith(dual));
    expect(decideChildService(swhWith(headless), child)).toEqual({ kind: 'inSync' });
  });
});

describe('decideChildService', () => {
  it.each(SPECS)('needs one write for $name', ({ spec }) => {
    const swh = deepFreeze(swhWith(spec));
    expect(decideChildService(swh, deepFreeze(childOf(swh)))).toEqual({ kind: 'inSync' });
  });

  it('is in sync after one update between any two specs', () => {
    const anySpec = fc.constantFrom(...SPECS.map(({ spec }) => spec));
    fc.assert(
      fc.property(anySpec, anySpec, (before, after) => {
        const current = deepFreeze(childOf(swhWith(before)));
        const swh = deepFreeze(swhWith(after));
        const next = applied(decideChildService(swh, current), current);
        // Another write to the Service must not bring anything up either.
        const touched = storePatched(next, { metadata: { labels: { other: 'x' } } });
        const second = decideChildService(swh, touched);
        expect(second.kind === 'clusterIpImmutable' ? second.patch : second).toEqual(
          second.kind === 'clusterIpImmutable' ? undefined : { kind: 'inSync' },
        );
      }),
    );
  });

  it('propagates every field and never a selector', () => {
    const spec = SPECS.at(-1)?.spec ?? {};
    const { selector, ...child } = childOf(swhWith(spec)).spec;
    expect(selector).toBeUndefined();
    expect(child).toMatchObject({
      internalTrafficPolicy: 'Local',
      publishNotReadyAddresses: true,
      trafficDistribution: 'PreferClose',
      ports: [
        { name: 'a', port: 53, protocol: 'UDP', targetPort: 'dns' },
        { name: 'b', port: 53, protocol: 'TCP', targetPort: 53, appProtocol: 'kubernetes.io/h2c' },
      ],
    });
  });

  it('carries only what differs and the version it was decided on', () => {
    const current = childOf(swhWith({ type: 'NodePort', ports: [port] }));
    const swh = swhWith({ type: 'NodePort', ports: [port], sessionAffinity: 'ClientIP' });
    expect(decideChildService(swh, current)).toEqual({
      kind: 'update',
      patch: {
        metadata: { resourceVersion: '1' },
        spec: {
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
        },
      },
    });
  });

  it('keeps the node port of a renamed port and returns a dropped field to its default', () => {
    const current = childOf(
      swhWith({ type: 'NodePort', ports: [port], loadBalancerSourceRanges: ['192.0.2.0/24'] }),
    );
    const swh = swhWith({ type: 'NodePort', ports: [{ name: 'web', port: 80 }] });
    const decision = decideChildService(swh, current);
    expect(applied(decision, current).spec).toMatchObject({ ports: [{ name: 'web', nodePort: 30_080 }] });
    expect(applied(decision, current).spec.loadBalancerSourceRanges).toBeUndefined();
  });

  it('removes a selector that somebody put on the child', () => {
    const swh = swhWith({ ports: [port] });
    const child = childOf(swh);
    const current = { ...child, spec: { ...child.spec, selector: { app: 'x' } } };
    expect(decideChildService(swh, current)).toMatchObject({
      kind: 'update',
      patch: { spec: { selector: null } },
    });
  });

  it('reports an address that cannot change, once and without touching it', () => {
    const current = childOf(swhWith({ ports: [port] }));
    const swh = swhWith({ clusterIP: '10.96.9.9', ports: [port] });
    const decision = decideChildService(swh, current);
    expect(decision).toEqual({
      kind: 'clusterIpImmutable',
      message: expect.stringContaining('10.96.9.9 is wanted, but Service default/web has 10.96.0.7'),
    });
    const drifted = { ...current, spec: { ...current.spec, sessionAffinity: 'ClientIP' } };
    expect(decideChildService(swh, drifted)).toMatchObject({
      kind: 'clusterIpImmutable',
      patch: { spec: { sessionAffinity: 'None' } },
    });
  });

  it('waits for a Service that is being deleted', () => {
    const swh = swhWith({ ports: [port] });
    const child = childOf(swh);
    const current = {
      ...child,
      metadata: { ...child.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(decideChildService(swh, current).kind).toBe('waiting');
  });
});

describe('ownership of the child Service', () => {
  const swh = swhWith({ ports: [port] });
  const child = childOf(swh);
  const ownedBy = (owner: Readonly<Record<string, unknown>>, spec: Partial<ServiceSpec> = {}): Service => ({
    ...child,
    metadata: {
      ...child.metadata,
      ownerReferences: [
        {
          apiVersion: 'network.deckhouse.io/v1alpha1',
          kind: 'ServiceWithHealthchecks',
          name: 'web',
          uid: 'u',
          ...owner,
        },
      ],
    },
    spec: { ...child.spec, ...spec },
  });

  it.each([
    { name: 'an equal Service of nobody is adopted', given: ownedBy({}), want: 'update' },
    {
      name: 'a Service of nobody with another spec is not',
      given: ownedBy({}, { sessionAffinity: 'ClientIP' }),
      want: 'conflict',
    },
    {
      name: 'an equal Service with the same selector is taken over step by step',
      given: ownedBy({}, { selector: { app: 'web' } }),
      want: 'takeOver',
    },
    {
      name: 'and never when the policy forbids it',
      given: ownedBy({}, { selector: { app: 'web' } }),
      subject: { ...swh, adoptionPolicy: 'Refuse' as const },
      want: 'conflict',
    },
    {
      name: 'one that differs is with AdoptAlways',
      given: ownedBy({}, { selector: { app: 'other' }, sessionAffinity: 'ClientIP' }),
      subject: { ...swh, adoptionPolicy: 'AdoptAlways' as const },
      want: 'takeOver',
    },
    {
      name: 'a headless Service is not by an object with an address',
      given: ownedBy({}, { selector: { app: 'web' }, clusterIP: 'None', clusterIPs: ['None'] }),
      subject: { ...swh, adoptionPolicy: 'AdoptAlways' as const },
      want: 'conflict',
    },
    {
      name: 'a Service with another selector is not',
      given: ownedBy({}, { selector: { app: 'other' } }),
      want: 'conflict',
    },
    {
      name: 'a Service of nobody with another address is not',
      given: { ...ownedBy({}), spec: { ...child.spec, clusterIP: 'None', clusterIPs: ['None'] } },
      subject: swhWith({ ports: [port], clusterIP: '10.96.0.9' }),
      want: 'conflict',
    },
    {
      name: 'a Service of another controller is not',
      given: ownedBy({ controller: true, name: 'other' }),
      want: 'conflict',
    },
    {
      name: 'a Service of an object of the same name that was deleted is adopted',
      given: ownedBy({ controller: true }, { sessionAffinity: 'ClientIP' }),
      want: 'update',
    },
  ])('$name', ({ given, subject, want }) => {
    expect(decideChildService(subject ?? swh, given).kind).toBe(want);
  });

  it('names the foreign owner', () => {
    const decision = decideChildService(swh, ownedBy({ controller: true, kind: 'Gateway', name: 'edge' }));
    expect(decision).toMatchObject({ message: expect.stringContaining('controlled by Gateway edge') });
  });

  it('keeps other owners and leaves out blockOwnerDeletion', () => {
    const decision = decideChildService(swh, ownedBy({ kind: 'ConfigMap', name: 'c' }));
    expect(applied(decision, child).metadata.ownerReferences).toEqual([
      expect.objectContaining({ kind: 'ConfigMap', uid: 'u' }),
      {
        apiVersion: 'network.deckhouse.io/v1alpha1',
        kind: 'ServiceWithHealthchecks',
        name: 'web',
        uid: 'uid-web',
        controller: true,
      },
    ]);
  });
});

describe('metadata of the child Service', () => {
  it('copies labels and annotations except those of tools, and remembers which', () => {
    const swh = swhWith(
      { ports: [port] },
      {
        labels: {
          team: 'a',
          heritage: 'mine',
          'argocd.argoproj.io/instance': 'x',
          'kustomize.toolkit.fluxcd.io/name': 'x',
        },
        annotations: {
          'metallb.io/pool': 'p',
          a: '1',
          'meta.helm.sh/release-name': 'x',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          [PROPAGATED_LABELS]: 'x',
        },
      },
    );
    const { labels, annotations } = childOf(swh).metadata;
    expect(labels).toEqual({ team: 'a', heritage: 'deckhouse', [CHILD_LABEL]: 'web' });
    expect(annotations).toEqual({
      'metallb.io/pool': 'p',
      a: '1',
      [PROPAGATED_ANNOTATIONS]: 'a,metallb.io/pool',
      [PROPAGATED_LABELS]: 'team',
    });
  });

  it('removes what the parent dropped, keeps what others wrote, and then rests', () => {
    const key = fc.constantFrom('a', 'b', 'c.io/d', 'heritage', 'e');
    const map = fc.dictionary(key, fc.constantFrom('1', '2', ''));
    fc.assert(
      fc.property(map, map, map, map, (labels, annotations, laterLabels, laterAnnotations) => {
        const before = childOf(swhWith({ ports: [port] }, { labels, annotations }));
        const foreign = { 'metallb.io/ip': '1' };
        const current = deepFreeze({
          ...before,
          metadata: {
            ...before.metadata,
            labels: { ...before.metadata.labels, ...foreign },
            annotations: { ...before.metadata.annotations, ...foreign },
          },
        });
        const swh = deepFreeze(
          swhWith({ ports: [port] }, { labels: laterLabels, annotations: laterAnnotations }),
        );
        const next = applied(decideChildService(swh, current), current);
        const ours = { heritage: 'deckhouse', [CHILD_LABEL]: 'web' };
        expect(next.metadata.labels).toEqual({ ...laterLabels, ...foreign, ...ours });
        expect(next.metadata.annotations).toMatchObject({ ...laterAnnotations, ...foreign });
        for (const dropped of Object.keys(annotations).filter((one) => !(one in laterAnnotations))) {
          expect(next.metadata.annotations).not.toHaveProperty([dropped]);
        }
        expect(decideChildService(swh, next)).toEqual({ kind: 'inSync' });
      }),
    );
  });
});
