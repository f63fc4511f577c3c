import { describe, expect, it } from 'vitest';
import { lostNodeSlices } from '../../../hooks/lost-node-slices.ts';
import { orphanSlices } from '../../../hooks/orphan-slices.ts';
import { aNode, anEndpoint, aSlice } from '../../support/builders.ts';
import { aResource } from '../../support/hook-world.ts';

const deletionOf = (name: string) => ({
  operation: 'DeleteInBackground',
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  namespace: 'default',
  name,
});

describe('orphan-slices', () => {
  const foreign = aSlice({
    labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
  });
  it.each([
    { name: 'keeps a slice of an object', objects: [aResource()], slices: [aSlice()], want: [] },
    {
      name: 'deletes a slice whose object is gone',
      objects: [aResource({ name: 'other' })],
      slices: [aSlice()],
      want: [deletionOf('web-abc')],
    },
    {
      name: 'deletes a slice whose object was made anew',
      objects: [aResource({ uid: 'uid-2' })],
      slices: [aSlice()],
      want: [deletionOf('web-abc')],
    },
    {
      name: 'keeps the slices of an object that is rejected',
      objects: [aResource({ spec: { type: 'Nonsense' } })],
      slices: [aSlice()],
      want: [],
    },
    { name: 'never touches a slice of another manager', objects: [], slices: [foreign], want: [] },
  ])('$name', ({ objects, slices, want }) => {
    expect(orphanSlices.reconcile({ objects, slices })).toEqual(want);
  });
});

const SILENT = { ready: false, serving: false, terminating: false };

describe('lost-node-slices', () => {
  const lost = aNode({ ready: 'Unknown' });
  const down = { ready: false, serving: false, terminating: false };

  it.each([
    { name: 'a ready node', nodes: [aNode()] },
    { name: 'a node whose kubelet says that it is not ready', nodes: [aNode({ ready: 'False' })] },
  ])('leaves the slices of $name alone', ({ nodes }) => {
    expect(lostNodeSlices.reconcile({ nodes, slices: [aSlice()] })).toEqual([]);
  });

  it('takes every endpoint of a lost node out, with the version that it saw', () => {
    const endpoints = [anEndpoint(), anEndpoint({ podName: 'web-2', address: '10.1.0.2' })];
    const slices = [aSlice({ endpoints, resourceVersion: '7' }), aSlice({ name: 'x', nodeName: 'node-2' })];
    expect(lostNodeSlices.reconcile({ nodes: [lost, aNode({ name: 'node-2' })], slices })).toEqual([
      {
        operation: 'MergePatch',
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        namespace: 'default',
        name: 'web-abc',
        mergePatch: {
          metadata: { resourceVersion: '7' },
          endpoints: endpoints.map((endpoint) => ({ ...endpoint, conditions: down })),
        },
        ignoreMissingObject: true,
      },
    ]);
  });

  it('keeps publishNotReadyAddresses true to its word', () => {
    const objects = [aResource({ spec: { publishNotReadyAddresses: true } })];
    const operations = lostNodeSlices.reconcile({
      nodes: [lost],
      slices: [aSlice()],
      'objects-looked-up': objects,
    });
    expect(operations).toMatchObject([
      { mergePatch: { endpoints: [{ conditions: { ready: true, serving: false } }] } },
    ]);
  });

  it('lets the agent of a node that is gone publish the unready until its pods are removed', () => {
    const objects = [aResource({ spec: { publishNotReadyAddresses: true } })];
    const operations = lostNodeSlices.reconcile({
      nodes: [],
      slices: [aSlice()],
      'objects-looked-up': objects,
    });
    expect(operations).toEqual([{ ...deletionOf('web-abc'), confirmMs: 120_000 }]);
  });

  it('silences, then deletes the slices of a node that is gone, also those without our node label', () => {
    const { 'network.deckhouse.io/node': _, ...labels } = aSlice().metadata.labels ?? {};
    const unlabelled = aSlice({ name: 'web-node-1' });
    const slices = [aSlice(), { ...unlabelled, metadata: { ...unlabelled.metadata, labels } }];
    const operations = lostNodeSlices.reconcile({ nodes: [aNode({ name: 'node-2' })], slices });
    const silenced = { operation: 'MergePatch', mergePatch: { endpoints: [{ conditions: SILENT }] } };
    expect(operations).toMatchObject([
      { ...silenced, name: 'web-abc' },
      { ...silenced, name: 'web-node-1' },
      deletionOf('web-abc'),
      deletionOf('web-node-1'),
    ]);
  });
});
