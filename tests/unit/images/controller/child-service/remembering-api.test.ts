import { describe, expect, it } from 'vitest';
import type { Service, ServiceSpec } from '#lib/core/kubernetes.ts';
import { SERVICES } from '#lib/kube/resources.ts';
import { createAddressMemory } from '../../../../../images/controller/src/child-service/address-memory.ts';
import { rememberingApi } from '../../../../../images/controller/src/child-service/remembering-api.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { apiError, MemoryApi } from '../../../../support/memory-api.ts';

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];
const FORMER: ServiceSpec = {
  type: 'NodePort',
  clusterIP: '10.96.0.9',
  clusterIPs: ['10.96.0.9'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  ports: PORTS.map((port) => ({ ...port, nodePort: 30_123 })),
};

function serviceWith(spec: ServiceSpec, ownerUid?: string): Service {
  const owner = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks', name: 'web' };
  const ownerReferences = ownerUid === undefined ? [] : [{ ...owner, uid: ownerUid, controller: true }];
  const metadata = { namespace: 'default', name: 'web', ownerReferences };
  return { apiVersion: 'v1', kind: 'Service', metadata, spec };
}

/** A Service of this spec was deleted so long ago; the API server refuses so many creations. */
function setUp(former: ServiceSpec, { agoMs = 0, refusals = 0, ownerUid = '' } = {}) {
  const clock = new FakeClock();
  const memory = createAddressMemory(clock);
  memory.note('default/web', serviceWith(former, ownerUid || undefined), undefined);
  const inner = new MemoryApi();
  const tried: ServiceSpec[] = [];
  const create: MemoryApi['create'] = (resource, object) => {
    // Only Services are created here.
    tried.push((object as object as Service).spec);
    if (tried.length <= refusals) return Promise.reject(apiError(422, 'Invalid'));
    return MemoryApi.prototype.create.call(inner, resource, object) as ReturnType<
      typeof inner.create<typeof object>
    >;
  };
  const api = rememberingApi(Object.assign(Object.create(inner), { create }), memory, clock);
  return {
    tried,
    memory,
    async create(spec: ServiceSpec) {
      await clock.advance(agoMs);
      const created = api.create(SERVICES, serviceWith(spec, 'uid-of-web'));
      await clock.advance(5_000);
      return (await created).spec;
    },
  };
}

describe('rememberingApi', () => {
  const wanted: ServiceSpec = { type: 'NodePort', ports: PORTS };

  it('asks for the addresses and ports of the Service that was deleted', async () => {
    const spec = await setUp(FORMER).create(wanted);
    expect(spec).toMatchObject({ clusterIP: '10.96.0.9', ports: [{ nodePort: 30_123 }] });
  });

  it.each([
    {
      name: 'what the user asks for',
      spec: { ...wanted, clusterIP: '10.96.0.1' },
      former: FORMER,
      ip: '10.96.0.1',
    },
    { name: 'a headless Service', spec: { clusterIP: 'None', ports: PORTS }, former: FORMER, ip: 'None' },
    {
      name: 'a predecessor without addresses',
      spec: wanted,
      former: { type: 'ExternalName' },
      ip: undefined,
    },
  ])('does not stand in the way of $name', async ({ spec, former, ip }) => {
    expect((await setUp(former).create(spec)).clusterIP).toBe(ip);
  });

  it.each([
    { name: 'the object itself had claimed', ownerUid: 'uid-of-web', want: '10.96.0.9' },
    { name: 'went with an earlier object of the name', ownerUid: 'uid-of-its-predecessor', want: undefined },
  ])('of a Service that $name', async ({ ownerUid, want }) => {
    expect((await setUp(FORMER, { ownerUid }).create(wanted)).clusterIP).toBe(want);
  });

  it('asks again while the API server has not released them', async () => {
    const world = setUp(FORMER, { refusals: 3 });
    expect(await world.create(wanted)).toMatchObject({ clusterIP: '10.96.0.9' });
    expect(world.tried).toHaveLength(4);
  });

  it('does without them when somebody else has them', async () => {
    const world = setUp(FORMER, { refusals: 15 });
    expect(await world.create(wanted)).not.toHaveProperty('clusterIP');
  });

  it('forgets after ten minutes, and when the Service is there again', async () => {
    expect(await setUp(FORMER, { agoMs: 600_000 }).create(wanted)).not.toHaveProperty('clusterIP');
    const world = setUp(FORMER);
    world.memory.note('default/web', undefined, serviceWith(FORMER));
    expect(world.memory.of('default/web')).toBeUndefined();
  });
});
