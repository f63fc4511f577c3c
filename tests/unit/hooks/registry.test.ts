import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hook, Snapshots } from '#lib/hook/hook.ts';
import { NODES, OBJECTS, OBJECTS_LOOKED_UP, SERVICES, SLICES } from '../../../hooks/bindings.ts';
import { HOOKS } from '../../../hooks/registry.ts';
import { aNode, anEndpoint, aSlice } from '../../support/builders.ts';
import { deepFreeze } from '../../support/deep-freeze.ts';
import { afterOperations, aResource, sortedOperations } from '../../support/hook-world.ts';
import { storeCreated } from '../../support/service-defaulting.ts';
import { snapshotsByKey } from '../../support/snapshots-by-key.ts';

const namespace = fc.constantFrom('east', 'west');
const name = fc.constantFrom('web', 'db');
const uid = fc.constantFrom('uid-1', 'uid-2');
const nodeName = fc.constantFrom('node-1', 'node-2', `long.${'n'.repeat(70)}`);

const resource = fc
  .record({
    namespace,
    name,
    uid,
    isDeleting: fc.boolean(),
    spec: fc.constantFrom(
      { ports: [{ name: 'http', port: 80 }] },
      { type: 'NodePort', publishNotReadyAddresses: true },
      { type: 'Nonsense' },
      {
        healthcheck: {
          probes: [{ mode: 'PostgreSQL', postgreSQL: { targetPort: 5432, authSecretName: 'login' } }],
        },
      },
    ),
  })
  .map(aResource);
const slice = fc
  .record({ namespace, swhName: name, swhUid: uid, nodeName, ready: fc.boolean() })
  .map(({ ready, ...given }) =>
    aSlice({
      ...given,
      name: `${given.swhName}-${given.nodeName.slice(-2)}`,
      endpoints: [anEndpoint({ nodeName: given.nodeName, conditions: { ready, serving: ready } })],
    }),
  );
const service = fc.record({ namespace, name, type: fc.constantFrom('ClusterIP', 'NodePort') }).map((given) =>
  storeCreated({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: given.namespace, name: given.name },
    spec: { type: given.type, ports: [{ name: 'http', port: 80 }] },
  }),
);
const node = fc
  .record({ name: nodeName, ready: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const) })
  .map(aNode);
const unique = <T extends { readonly metadata: { readonly name: string; readonly namespace?: string } }>(
  one: fc.Arbitrary<T>,
) =>
  fc.uniqueArray(one, { selector: ({ metadata }) => `${metadata.namespace}/${metadata.name}`, maxLength: 4 });

const world: fc.Arbitrary<Snapshots> = fc
  .record({
    objects: unique(resource),
    slices: unique(slice),
    services: unique(service),
    nodes: unique(node),
  })
  .map(({ objects, slices, services, nodes }) =>
    deepFreeze({
      [OBJECTS.name]: objects,
      [OBJECTS_LOOKED_UP.name]: objects,
      [SLICES.name]: slices,
      [SERVICES.name]: services,
      [NODES.name]: nodes,
      roles: [],
      'role-bindings': [],
    }),
  );

const partOf = (hook: Hook, all: Snapshots): Snapshots =>
  Object.fromEntries(hook.config.kubernetes.map((binding) => [binding.name, all[binding.name] ?? []]));

describe.each(HOOKS)('hook $name', (hook) => {
  it('does for all keys at once what it does key by key', () => {
    fc.assert(
      fc.property(world, (all) => {
        const snapshots = partOf(hook, all);
        const byKey = snapshotsByKey(snapshots, (binding, object) => hook.keysOf(binding, object));
        const union = [...byKey.values()].flatMap((part) => hook.reconcile(part));
        expect(sortedOperations(hook.reconcile(snapshots))).toEqual(sortedOperations(union));
      }),
    );
  });

  it('has nothing left to do after its operations', () => {
    fc.assert(
      fc.property(world, (all) => {
        const snapshots = partOf(hook, all);
        const next = deepFreeze(afterOperations(hook, snapshots, hook.reconcile(snapshots)));
        expect(hook.reconcile(next)).toEqual([]);
      }),
    );
  });

  it('does nothing in an empty world and survives objects without content', () => {
    expect(hook.reconcile({})).toEqual([]);
    for (const { name: binding } of hook.config.kubernetes) {
      const bare = [{ metadata: { name: 'bare' } }];
      expect(() => hook.reconcile({ [binding]: bare })).not.toThrow();
    }
  });
});
