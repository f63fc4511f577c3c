import { describe, expect, it } from 'vitest';
import type { EndpointSlice, OwnerReference } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { aCondition, anEndpoint, anSwh, aPod, aSlice, aVerdict } from '../../../../support/builders.ts';
import { onlySlice, planInput, publish, verdictsBy } from '../../../../support/slice-planning.ts';

const NOTHING = { create: [], update: [], delete: [] };

function withOwner(change: Partial<OwnerReference>): EndpointSlice {
  const { metadata, ...rest } = aSlice();
  const ownerReferences = metadata.ownerReferences?.map((owner) => ({ ...owner, ...change })) ?? [];
  return { ...rest, metadata: { ...metadata, ownerReferences } };
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

  it('tells which tool manages the application unless that is Helm', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'operator' };
    const [slice] = publish(planInput({ swh: anSwh({ labels }) }));
    expect(slice?.metadata.labels).toMatchObject(labels);
  });

  it.each([
    { name: 'a label more', spoil: { labels: { ...onlySlice().metadata.labels, foreign: 'x' } } },
    { name: 'a label changed', spoil: { labels: { ...onlySlice().metadata.labels, heritage: 'x' } } },
    { name: 'no labels but ours to find it by', spoil: { labels: aSlice().metadata.labels ?? {} } },
    {
      name: 'an annotation more',
      spoil: { annotations: { ...onlySlice().metadata.annotations, foreign: 'x' } },
    },
    { name: 'no annotations', spoil: { annotations: {} } },
    {
      name: 'an owner that blocks',
      spoil: {
        ownerReferences:
          onlySlice().metadata.ownerReferences?.map((it) => ({ ...it, blockOwnerDeletion: true })) ?? [],
      },
    },
  ])('is ours alone and put right: $name', ({ spoil }) => {
    const spoiled = { ...onlySlice(), metadata: { ...onlySlice().metadata, ...spoil } };
    const [mended] = publish(planInput({ existing: [spoiled] }));
    expect(mended?.metadata).toEqual({ ...onlySlice().metadata, resourceVersion: '2' });
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
    { name: 'an owner that does not control it', slice: withOwner({ controller: false }) },
    { name: 'no node label and no endpoints', slice: { ...unlabelled, endpoints: [] } },
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
