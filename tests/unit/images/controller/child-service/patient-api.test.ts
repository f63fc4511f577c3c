import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { ENDPOINT_SLICES, SERVICES } from '#lib/kube/resources.ts';
import { patientApi } from '../../../../../images/controller/src/child-service/patient-api.ts';
import { anEndpoint, aSlice } from '../../../../support/builders.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { MemoryApi } from '../../../../support/memory-api.ts';
import { silentLogger } from '../../../../support/silent-logger.ts';

const REF = { namespace: 'default', name: 'web' };

function service(...ports: NonNullable<Service['spec']['ports']>): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...REF, resourceVersion: '1' }, spec: { ports } };
}

function under(name: string): EndpointSlice {
  return aSlice({ name, ports: [{ name, port: 8080, protocol: 'TCP' }], endpoints: [anEndpoint()] });
}

/** A Service with port `a`, its slices, and an API that renames it. */
function world() {
  const clock = new FakeClock();
  const memory = new MemoryApi();
  memory.seed(SERVICES, service({ name: 'a', port: 80 }));
  const slices = [under('a')];
  const list: KubeApi['list'] = async (resource) => {
    expect(resource).toBe(ENDPOINT_SLICES);
    // The one kind that is asked for.
    return { items: slices as never, resourceVersion: '1' };
  };
  const base: KubeApi = Object.assign(memory, { list });
  const api = patientApi({ api: base, clock, logger: silentLogger });
  const writes = () => memory.writes.length;
  return { clock, slices, writes, patch: (body: object) => api.mergePatch(SERVICES, REF, { ...body }) };
}

describe('patientApi', () => {
  it('renames a port once endpoints stand under the new name, and a moment later', async () => {
    const { clock, slices, writes, patch } = world();
    const done = patch({ spec: { ports: [{ name: 'b', port: 80 }] } });
    await clock.advance(1_000);
    expect(writes()).toBe(0);
    slices.push(under('b'));
    await clock.advance(50);
    expect(writes()).toBe(0);
    await clock.advance(250);
    await done;
    expect(writes()).toBe(1);
  });

  it('does not wait for ever', async () => {
    const { clock, writes, patch } = world();
    const done = patch({ spec: { ports: [{ name: 'b', port: 80 }] } });
    await clock.advance(4_900);
    expect(writes()).toBe(0);
    await clock.advance(200);
    await done;
    expect(writes()).toBe(1);
  });

  it.each([
    {
      name: 'another port',
      body: {
        spec: {
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 81 },
          ],
        },
      },
    },
    { name: 'another type', body: { spec: { type: 'NodePort' } } },
    { name: 'labels', body: { metadata: { labels: { a: 'b' } } } },
  ])('writes everything else at once: $name', async ({ body }) => {
    const { writes, patch } = world();
    await patch(body);
    expect(writes()).toBe(1);
  });
});
