import { describe, expect, it } from 'vitest';
import type { EndpointSlice, ServicePort } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/node-facts.ts';
import { planSlices } from '#lib/core/slice-plan.ts';
import { aCondition, anEndpoint, anSwh, aPod, aSlice, aVerdict } from '../../../support/builders.ts';
import { manyPods, planInput, publish, verdictsBy } from '../../../support/slice-planning.ts';

const NOTHING = { create: [], update: [], delete: [] };
const namedPort: ServicePort = { name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' };

function podOnPort(name: string, ip: string, containerPort: number) {
  return aPod({ name, ips: [ip], containers: [{ name: 'main', ports: [{ name: 'http', containerPort }] }] });
}

function summary(slices: readonly EndpointSlice[]): readonly string[] {
  return slices
    .map(({ ports, endpoints }) => {
      const numbers = (ports ?? []).map(({ port }) => port).join(',');
      return `${numbers}: ${endpoints.map(({ targetRef }) => targetRef?.name).join(' ')}`;
    })
    .toSorted();
}

describe('metadata of a slice', () => {
  it('is all that consumers and garbage collection need', () => {
    const [slice] = publish(planInput());
    expect(slice?.metadata.name).toMatch(/^web-[0-9a-f]{16}$/);
    expect(slice?.metadata.namespace).toBe('default');
    expect(slice?.metadata.labels).toEqual({
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'servicewithhealthchecks',
      heritage: 'deckhouse',
      'network.deckhouse.io/node': 'node-1',
    });
    expect(slice?.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'network.deckhouse.io/v1alpha1',
        kind: 'ServiceWithHealthchecks',
        name: 'web',
        uid: 'uid-web',
        controller: true,
      },
    ]);
  });

  it.each([
    { name: 'None', clusterIP: 'None', want: '' },
    { name: 'an address', clusterIP: '10.0.0.1', want: undefined },
    { name: 'open', clusterIP: '', want: undefined },
  ])('has the headless label iff the cluster IP is None: $name', ({ clusterIP, want }) => {
    const [slice] = publish(planInput({ swh: anSwh({ service: { clusterIP } }) }));
    expect(slice?.metadata.labels?.['service.kubernetes.io/headless']).toBe(want);
  });

  it('copies the labels of the object, except reserved ones and those of deployment tools', () => {
    const labels = {
      app: 'web',
      'app.kubernetes.io/instance': 'shop',
      'app.kubernetes.io/managed-by': 'Helm',
      'argocd.argoproj.io/instance': 'shop',
      'helm.toolkit.fluxcd.io/name': 'shop',
      'kustomize.toolkit.fluxcd.io/name': 'shop',
      'kubernetes.io/service-name': 'other',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'service.kubernetes.io/headless': '',
      'network.deckhouse.io/node': 'other',
      heritage: 'other',
    };
    const [slice] = publish(planInput({ swh: anSwh({ labels }) }));
    expect(slice?.metadata.labels).toEqual({
      app: 'web',
      'app.kubernetes.io/instance': 'shop',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'servicewithhealthchecks',
      heritage: 'deckhouse',
      'network.deckhouse.io/node': 'node-1',
    });
  });

  it('is ours alone: what somebody adds, changes or removes is put right', () => {
    const [slice] = publish(planInput());
    if (slice === undefined) throw new Error('no slice');
    const labels = { ...slice.metadata.labels, foreign: 'x', heritage: 'y' };
    const spoiled = { ...slice, metadata: { ...slice.metadata, labels, annotations: { a: 'b' } } };
    const [mended] = publish(planInput({ existing: [spoiled] }));
    expect(mended?.metadata.labels).toEqual(slice.metadata.labels);
    expect(mended?.metadata.annotations).toEqual(slice.metadata.annotations);
  });

  it('keeps its version, uid and finalizers in an update', () => {
    const current = aSlice({ name: 'web-old', resourceVersion: '7' });
    const existing = [{ ...current, metadata: { ...current.metadata, finalizers: ['x/y'] } }];
    const [update] = planSlices(planInput({ existing })).update;
    expect(update?.current).toBe(existing[0]);
    expect(update?.next.metadata).toMatchObject({
      name: 'web-old',
      uid: 'uid-web-old',
      resourceVersion: '7',
      finalizers: ['x/y'],
    });
  });
});

describe('ports', () => {
  it('split the pods by what their names resolve to', () => {
    const pods = [
      podOnPort('a', '10.1.0.1', 8080),
      podOnPort('b', '10.1.0.2', 9090),
      podOnPort('c', '10.1.0.3', 8080),
      aPod({ name: 'd', ips: ['10.1.0.4'], containers: [] }),
    ];
    const swh = anSwh({ service: { ports: [namedPort] } });
    expect(summary(publish(planInput({ swh, pods })))).toEqual(['8080: a c', '9090: b', ': d'].toSorted());
  });

  it('that change leave no slice with the former ones', () => {
    const existing = publish(planInput());
    const ports = [
      { name: 'http', port: 80, targetPort: 9090 },
      { name: 'metrics', port: 81, targetPort: 9091 },
    ];
    const plan = planSlices(planInput({ swh: anSwh({ service: { ports } }), existing }));
    expect(summary(plan.create)).toEqual(['9090,9091: web-1']);
    expect(plan.delete).toEqual(existing);
    expect(plan.update).toEqual([]);
  });

  it('in another order or with defaults written out are the same', () => {
    const swh = anSwh({
      service: {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 2 },
        ],
      },
    });
    const [slice] = publish(planInput({ swh }));
    if (slice === undefined) throw new Error('no slice');
    const turned = { ...slice, ports: [...(slice.ports ?? [])].reverse() };
    expect(planSlices(planInput({ swh, existing: [turned] }))).toEqual(NOTHING);
  });

  it('of a headless Service may be none', () => {
    const swh = anSwh({ service: { clusterIP: 'None', ports: [] } });
    const slices = publish(planInput({ swh }));
    expect(summary(slices)).toEqual([': web-1']);
    // The API server gives an empty list back as null.
    const read: readonly EndpointSlice[] = JSON.parse(
      JSON.stringify(slices).replace('"ports":[]', '"ports":null'),
    );
    expect(read[0]?.ports).toBeNull();
    expect(planSlices(planInput({ swh, existing: read }))).toEqual(NOTHING);
  });

  it('that somebody changed in a slice are put right in place', () => {
    const [slice] = publish(planInput());
    if (slice === undefined) throw new Error('no slice');
    const plan = planSlices(planInput({ existing: [{ ...slice, ports: [{ name: 'http', port: 1 }] }] }));
    expect(plan.update.map(({ next }) => next.ports)).toEqual([slice.ports]);
    expect([...plan.create, ...plan.delete]).toEqual([]);
  });
});

describe('chunks', () => {
  it.each([
    { count: 0, want: [] },
    { count: 100, want: [100] },
    { count: 101, want: [1, 100] },
    { count: 250, want: [50, 100, 100] },
  ])('hold at most 100 endpoints: $count', ({ count, want }) => {
    const sizes = publish(planInput({ pods: manyPods(count) })).map(({ endpoints }) => endpoints.length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual(want);
  });

  it('are not evened out, and take up what comes where there is room', () => {
    const before = publish(planInput({ pods: manyPods(250) }));
    const fewer = manyPods(250).filter((_, index) => index % 3 !== 0);
    const shrunk = publish(planInput({ pods: fewer, existing: before }));
    expect(shrunk).toHaveLength(3);
    const plan = planSlices(
      planInput({ pods: [...fewer, aPod({ name: 'x', ips: ['10.9.9.9'] })], existing: shrunk }),
    );
    expect(plan).toMatchObject({ create: [], delete: [] });
    expect(plan.update).toHaveLength(1);
  });

  it('that are overfull shed what is above the limit', () => {
    const endpoints = manyPods(130).map(({ metadata: { name }, status }) =>
      anEndpoint({ podName: name, address: status?.podIP ?? '' }),
    );
    const after = publish(planInput({ pods: manyPods(130), existing: [aSlice({ endpoints })] }));
    expect(after.map((one) => one.endpoints.length)).toEqual([100, 30]);
  });

  it('without endpoints are deleted', () => {
    const existing = publish(planInput());
    expect(planSlices(planInput({ pods: [], existing }))).toEqual({ ...NOTHING, delete: existing });
  });

  it('that hold one endpoint twice keep it once', () => {
    const existing = [aSlice({ name: 'web-a' }), aSlice({ name: 'web-b' })];
    expect(summary(publish(planInput({ existing })))).toEqual(['8080: web-1']);
  });
});

describe('ownership', () => {
  const { labels: _labels, ...unlabelledMeta } = aSlice().metadata;
  const unlabelled: EndpointSlice = {
    ...aSlice(),
    metadata: {
      ...unlabelledMeta,
      name: 'web-node-1',
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'servicewithhealthchecks',
      },
    },
  };

  it.each([
    { name: 'an object of the same name that is gone', slice: aSlice({ swhUid: 'uid-former' }) },
    { name: 'another manager', slice: aSlice({ labels: { 'endpointslice.kubernetes.io/managed-by': 'x' } }) },
    { name: 'another node', slice: aSlice({ nodeName: 'node-2' }) },
    { name: 'another namespace', slice: aSlice({ namespace: 'other' }) },
    { name: 'no owner', slice: { ...aSlice(), metadata: { ...aSlice().metadata, ownerReferences: [] } } },
    {
      name: 'no node label and another node',
      slice: { ...unlabelled, endpoints: [anEndpoint({ nodeName: 'b' })] },
    },
  ])('leaves a slice of $name alone', ({ slice }) => {
    const plan = planSlices(planInput({ existing: [slice] }));
    expect([plan.create.length, plan.update, plan.delete]).toEqual([1, [], []]);
    expect(planSlices(planInput({ existing: [slice], publication: 'withdraw' }))).toEqual(NOTHING);
  });

  it('takes over a slice without node label whose endpoints are on the node', () => {
    const [slice, ...others] = publish(planInput({ existing: [unlabelled] }));
    expect(others).toEqual([]);
    expect(slice?.metadata.name).toBe('web-node-1');
    expect(slice?.metadata.labels?.['network.deckhouse.io/node']).toBe('node-1');
  });

  it('creates beside a foreign slice of the wanted name', () => {
    const [wanted] = publish(planInput());
    const foreign = aSlice({ name: wanted?.metadata.name ?? '', swhUid: 'uid-former' });
    expect(publish(planInput({ existing: [foreign] }))).toHaveLength(2);
  });

  it('replaces a slice of the wanted name and another family', () => {
    const [wanted] = publish(planInput());
    const odd = aSlice({ name: wanted?.metadata.name ?? '', addressType: 'IPv6', endpoints: [] });
    const after = publish(planInput({ existing: [odd] }));
    expect(after.map(({ addressType }) => addressType)).toEqual(['IPv4']);
  });
});

describe('publication', () => {
  const two = [aPod(), aPod({ name: 'web-2', ips: ['10.1.0.2'] })];

  it('withdraw deletes every own slice', () => {
    const existing = publish(planInput());
    expect(planSlices(planInput({ existing, publication: 'withdraw' }))).toEqual({
      ...NOTHING,
      delete: existing,
    });
  });

  it('hold creates nothing', () => {
    expect(planSlices(planInput({ publication: 'hold' }))).toEqual(NOTHING);
  });

  it('hold keeps existing slices true', () => {
    const existing = publish(planInput());
    const verdictOf = verdictsBy({ 'uid-web-2': aVerdict() });
    const [slice] = publish(planInput({ existing, pods: two, verdictOf, publication: 'hold' }));
    expect(slice?.endpoints.map(({ conditions }) => conditions?.ready)).toEqual([false, true]);
  });

  it('hold leaves endpoints with the ports they have', () => {
    const existing = publish(planInput());
    const swh = anSwh({ service: { ports: [{ name: 'http', port: 80, targetPort: 9090 }] } });
    expect(planSlices(planInput({ existing, swh, publication: 'hold' }))).toEqual(NOTHING);
  });

  it('hold empties a slice without deleting it', () => {
    const existing = publish(planInput());
    const after = publish(planInput({ existing, pods: [], publication: 'hold' }));
    expect(after.map(({ endpoints }) => endpoints)).toEqual([[]]);
    expect(planSlices(planInput({ existing: after, pods: [], publication: 'hold' }))).toEqual(NOTHING);
  });

  it('hold of an unchanged world writes nothing', () => {
    const existing = publish(planInput());
    const swh = anSwh({ conditions: [aCondition({ type: 'Ready' })] });
    expect(planSlices(planInput({ existing, swh }))).toEqual(NOTHING);
  });

  it('of a node that is gone deletes its slices', () => {
    const existing = publish(planInput());
    const node = nodeFacts('node-1', undefined);
    expect(planSlices(planInput({ existing, node }))).toEqual({ ...NOTHING, delete: existing });
  });
});

describe('pods that share an address on the host network', () => {
  const former = aPod({ name: 'a', ips: ['192.0.2.1'], isTerminating: true, spec: { hostNetwork: true } });
  const next = aPod({ name: 'b', ips: ['192.0.2.1'], isReady: false, spec: { hostNetwork: true } });

  it('give the port to the one that serves', () => {
    expect(summary(publish(planInput({ pods: [next, former] })))).toEqual(['8080: a']);
    const ready = aPod({ name: 'b', ips: ['192.0.2.1'], spec: { hostNetwork: true } });
    expect(summary(publish(planInput({ pods: [former, ready] })))).toEqual(['8080: b']);
  });

  it('choose by uid between equals, in whatever order they come', () => {
    const twin = { ...former, metadata: { ...former.metadata, name: 'c', uid: 'uid-c' } };
    expect(summary(publish(planInput({ pods: [twin, former] })))).toEqual(['8080: a']);
    expect(summary(publish(planInput({ pods: [former, twin] })))).toEqual(['8080: a']);
  });

  it('keep the ports that they do not share', () => {
    const container = (metrics: number) => [
      {
        name: 'main',
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'metrics', containerPort: metrics },
        ],
      },
    ];
    const pods = [
      aPod({ name: 'a', ips: ['192.0.2.1'], containers: container(9001) }),
      aPod({ name: 'b', ips: ['192.0.2.1'], containers: container(9002) }),
    ];
    const ports = [namedPort, { name: 'metrics', port: 81, targetPort: 'metrics' }];
    const slices = publish(planInput({ swh: anSwh({ service: { ports } }), pods }));
    expect(summary(slices)).toEqual(['9001,8080: a', '9002: b']);
  });

  it('stand once in a Service without ports', () => {
    const swh = anSwh({ service: { clusterIP: 'None', ports: [] } });
    expect(summary(publish(planInput({ swh, pods: [next, former] })))).toEqual([': a']);
  });
});
