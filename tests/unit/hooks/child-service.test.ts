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
