import { describe, expect, it } from 'vitest';
import type { IpFamily, Service } from '#lib/core/kubernetes.ts';
import { childService } from '../../../hooks/child-service.ts';
import { aResource } from '../../support/hook-world.ts';
import { storeCreated } from '../../support/service-defaulting.ts';

const foreign = storeCreated({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
});

describe('child-service', () => {
  it('creates a Service without selector, owned by the object', () => {
    expect(childService.reconcile({ objects: [aResource()], services: [] })).toMatchObject([
      {
        operation: 'Create',
        object: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: {
            namespace: 'default',
            name: 'web',
            labels: { heritage: 'deckhouse' },
            ownerReferences: [{ uid: 'uid-web', controller: true }],
          },
          spec: { ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] },
        },
      },
    ]);
  });

  it.each([
    { name: 'an object that is rejected', object: aResource({ spec: { type: 'Nonsense' } }), services: [] },
    { name: 'an object that is being deleted', object: aResource({ isDeleting: true }), services: [] },
    { name: 'a Service that is somebody else’s', object: aResource(), services: [foreign] },
  ])('leaves $name alone', ({ object, services }) => {
    expect(childService.reconcile({ objects: [object], services })).toEqual([]);
  });

  describe('takes what a take-over has put on a Service off it', () => {
    const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
    const MARK = 'network.deckhouse.io/skip-mirror-before';
    const marked = (before: string, metadata: Partial<Service['metadata']> = {}): Service => ({
      ...foreign,
      metadata: {
        ...foreign.metadata,
        labels: { team: 'a', [SKIP]: 'true' },
        annotations: { [MARK]: before },
        ...metadata,
      },
    });
    const owner = (kind: string, apiVersion: string) => ({
      ownerReferences: [{ apiVersion, kind, name: 'web', uid: 'uid-web', controller: true }],
    });
    const refusing = aResource({ spec: { adoptionPolicy: 'Refuse' } });
    const off = (before: string | null) => [
      {
        ...{ operation: 'MergePatch', apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web' },
        mergePatch: {
          metadata: { resourceVersion: '1', labels: { [SKIP]: before }, annotations: { [MARK]: null } },
        },
      },
    ];

    it.each([
      { name: 'when the object is gone', objects: [], service: marked(''), want: off(null) },
      { name: 'as it was before', objects: [], service: marked('false'), want: off('false') },
      { name: 'when the object does not want it', objects: [refusing], service: marked(''), want: off(null) },
      {
        name: 'when it has got another owner',
        objects: [],
        service: marked('', owner('Gateway', 'example.org/v1')),
        want: off(null),
      },
      {
        name: 'but not while it is the object’s, even after that is gone',
        objects: [],
        service: marked('', owner('ServiceWithHealthchecks', 'network.deckhouse.io/v1alpha1')),
        want: [],
      },
      {
        name: 'but not while it is being deleted',
        objects: [],
        service: marked('', { deletionTimestamp: '2026-01-01T02:00:00Z' }),
        want: [],
      },
      {
        name: 'but not where the user has put it',
        objects: [],
        service: marked('', { annotations: {} }),
        want: [],
      },
      {
        name: 'but not while the object is rejected',
        objects: [aResource({ spec: { type: 'Nonsense' } })],
        service: marked(''),
        want: [],
      },
    ])('$name', ({ objects, service, want }) => {
      expect(childService.reconcile({ objects, services: [service] })).toEqual(want);
    });
  });

  it('takes the first family of the cluster from the API server’s own Service', () => {
    const owner = aResource({ uid: 'uid-before', spec: { ipFamilies: ['IPv6'] } });
    const [creation] = childService.reconcile({ objects: [owner], services: [] });
    if (creation === undefined || !('object' in creation)) throw new Error('a Service is created');
    const child = storeCreated(creation.object as Service);
    const own = (ipFamilies: readonly IpFamily[]) => ({
      metadata: { namespace: 'default', name: 'kubernetes' },
      spec: { ipFamilies },
    });
    expect(childService.keysOf('services', own(['IPv4']))).toBe('every');
    const plan = (families: readonly IpFamily[]) =>
      childService.reconcile({ objects: [aResource()], services: [own(families), child] });
    expect(plan(['IPv4'])).toEqual([]);
    expect(plan(['IPv6'])).toHaveLength(1);
  });

  it('is not kept from one object by another that is rejected', () => {
    const objects = [aResource({ name: 'bad', spec: { ports: 'x' } }), aResource()];
    expect(childService.reconcile({ objects, services: [] })).toHaveLength(1);
  });
});
