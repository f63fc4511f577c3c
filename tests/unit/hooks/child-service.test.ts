import { describe, expect, it } from 'vitest';
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

  it('is not kept from one object by another that is rejected', () => {
    const objects = [aResource({ name: 'bad', spec: { ports: 'x' } }), aResource()];
    expect(childService.reconcile({ objects, services: [] })).toHaveLength(1);
  });
});
