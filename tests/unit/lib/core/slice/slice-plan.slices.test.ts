import { describe, expect, it } from 'vitest';
import type { EndpointSlice, ServicePort } from '#lib/core/kubernetes.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { anEndpoint, anSwh, aPod, aSlice } from '../../../../support/builders.ts';
import { manyPods, onlySlice, planInput, publish, summary } from '../../../../support/slice-planning.ts';

const NOTHING = { create: [], update: [], delete: [] };
const namedPort: ServicePort = { name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' };

function podOnPort(name: string, ip: string, containerPort: number) {
  return aPod({ name, ips: [ip], containers: [{ name: 'main', ports: [{ name: 'http', containerPort }] }] });
}

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
    const bare = (slice.ports ?? []).map(({ name, port }) => ({ name: name ?? '', port: port ?? 0 }));
    const turned = { ...slice, ports: bare.toReversed() };
    expect(planSlices(planInput({ swh, existing: [turned] }))).toEqual(NOTHING);
  });

  it('of another application protocol are others', () => {
    const ports = [{ name: 'http', port: 80, targetPort: 8080, appProtocol: 'kubernetes.io/h2c' }];
    const [slice, ...rest] = publish(
      planInput({ swh: anSwh({ service: { ports } }), existing: [onlySlice()] }),
    );
    expect([slice?.ports?.[0]?.appProtocol, rest]).toEqual(['kubernetes.io/h2c', []]);
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
    const slice = onlySlice();
    const plan = planSlices(planInput({ existing: [{ ...slice, ports: [{ name: 'http', port: 1 }] }] }));
    expect(plan.update.map(({ next }) => next.ports)).toEqual([slice.ports]);
    expect([...plan.create, ...plan.delete]).toEqual([]);
  });
});

describe('chunks', () => {
  it.each([
    { count: 0, want: [] },
    { count: 8, want: [8] },
    { count: 9, want: [1, 8] },
    { count: 20, want: [4, 8, 8] },
  ])('are filled up to 8 endpoints: $count', ({ count, want }) => {
    const sizes = publish(planInput({ pods: manyPods(count) })).map(({ endpoints }) => endpoints.length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual(want);
  });

  it('are not evened out, and take up what comes where there is room', () => {
    const before = publish(planInput({ pods: manyPods(20) }));
    const fewer = manyPods(20).filter((_, index) => index % 3 !== 0);
    const shrunk = publish(planInput({ pods: fewer, existing: before }));
    expect(shrunk).toHaveLength(3);
    const plan = planSlices(
      planInput({ pods: [...fewer, aPod({ name: 'x', ips: ['10.9.9.9'] })], existing: shrunk }),
    );
    expect(plan).toMatchObject({ create: [], delete: [] });
    expect(plan.update).toHaveLength(1);
  });

  it('that are fuller are filled first', () => {
    const pods = manyPods(11);
    const endpoints = pods
      .slice(0, 10)
      .map(({ metadata: { name }, status }) => anEndpoint({ podName: name, address: status?.podIP ?? '' }));
    const existing = [
      aSlice({ name: 'web-a', endpoints: endpoints.slice(0, 3) }),
      aSlice({ name: 'web-b', endpoints: endpoints.slice(3) }),
    ];
    expect(publish(planInput({ pods, existing })).map((one) => one.endpoints.length)).toEqual([3, 8]);
  });

  it('do not depend on the order of pods', () => {
    const pods = manyPods(60);
    expect(publish(planInput({ pods: pods.toReversed() }))).toEqual(publish(planInput({ pods })));
  });

  it('that another release has filled with up to 100 stay as they are', () => {
    const endpoints = manyPods(100).map(({ metadata: { name }, status }) =>
      anEndpoint({ podName: name, address: status?.podIP ?? '' }),
    );
    const after = publish(planInput({ pods: manyPods(101), existing: [aSlice({ endpoints })] }));
    expect(after.map((one) => one.endpoints.length)).toEqual([100, 1]);
  });

  it('that are overfull shed what is above 100', () => {
    const endpoints = manyPods(130).map(({ metadata: { name }, status }) =>
      anEndpoint({ podName: name, address: status?.podIP ?? '' }),
    );
    const after = publish(planInput({ pods: manyPods(130), existing: [aSlice({ endpoints })] }));
    expect(after.map((one) => one.endpoints.length)).toEqual([100, 8, 8, 8, 6]);
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

describe('pods that share an address on the host network', () => {
  const former = aPod({ name: 'a', ips: ['192.0.2.1'], isTerminating: true, spec: { hostNetwork: true } });
  const next = aPod({ name: 'b', ips: ['192.0.2.1'], isReady: false, spec: { hostNetwork: true } });

  it('give the port to the one that serves', () => {
    expect(summary(publish(planInput({ pods: [next, former] })))).toEqual(['8080: a']);
    const ready = aPod({ name: 'b', ips: ['192.0.2.1'], spec: { hostNetwork: true } });
    expect(summary(publish(planInput({ pods: [former, ready] })))).toEqual(['8080: b']);
  });

  it('are all there where they say the same, as for a plain Service', () => {
    const twin = { ...former, metadata: { ...former.metadata, name: 'c', uid: 'uid-0' } };
    expect(summary(publish(planInput({ pods: [twin, next, former] })))).toEqual(['8080: a c']);
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
      aPod({ name: 'b', ips: ['192.0.2.1'], containers: container(9002), isReady: false }),
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
