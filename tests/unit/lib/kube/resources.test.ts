import { describe, expect, test } from 'vitest';
import {
  collectionPath,
  ENDPOINT_SLICES,
  NODES,
  objectPath,
  PODS,
  resourceOf,
  SERVICES_WITH_HEALTHCHECKS,
} from '#lib/kube/resources.ts';

describe('paths', () => {
  const cases = [
    { name: 'core, one namespace', given: collectionPath(PODS, 'a'), want: '/api/v1/namespaces/a/pods' },
    { name: 'core, all namespaces', given: collectionPath(PODS, ''), want: '/api/v1/pods' },
    {
      name: 'cluster-scoped object',
      given: objectPath(NODES, { namespace: '', name: 'n1' }),
      want: '/api/v1/nodes/n1',
    },
    {
      name: 'object of a group',
      given: objectPath(ENDPOINT_SLICES, { namespace: 'a', name: 'b' }),
      want: '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices/b',
    },
    {
      name: 'a name cannot leave its place',
      given: objectPath(PODS, { namespace: 'a', name: '../../secrets' }),
      want: '/api/v1/namespaces/a/pods/..%2F..%2Fsecrets',
    },
  ];
  test.each(cases)('$name', ({ given, want }) => {
    expect(given).toBe(want);
  });

  test('a namespaced object without a namespace is a bug', () => {
    expect(() => objectPath(PODS, { namespace: '', name: 'a' })).toThrow('Pod a needs a namespace');
  });
});

describe('resourceOf', () => {
  test('finds by apiVersion and kind', () => {
    expect(resourceOf('network.deckhouse.io/v1alpha1', 'ServiceWithHealthchecks')).toBe(
      SERVICES_WITH_HEALTHCHECKS,
    );
    expect(resourceOf('v1', 'Pod')).toBe(PODS);
  });
  test('refuses a kind that is not ours', () => {
    expect(() => resourceOf('apps/v1', 'Deployment')).toThrow('bug: no resource for apps/v1 Deployment');
  });
});
