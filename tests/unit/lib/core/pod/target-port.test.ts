import { describe, expect, it } from 'vitest';
import type { Container, Pod, ServicePort } from '#lib/core/kubernetes.ts';
import { resolveProbePort, resolveServicePorts } from '#lib/core/pod/target-port.ts';
import { aPod } from '../../../../support/builders.ts';

function container(name: string, ports: Container['ports'] = [], rest: Partial<Container> = {}): Container {
  return { name, ports, ...rest };
}

const named: ServicePort = { name: 'p', port: 80, targetPort: 'p' };

/** The cases of TestFindPort and TestGetEndpointPorts in k8s.io/endpointslice. */
const cases: readonly { name: string; port: ServicePort; pod: Pod; want: number | undefined }[] = [
  {
    name: 'a number is used as it is',
    port: { port: 80, targetPort: 8080 },
    pod: aPod({ containers: [] }),
    want: 8080,
  },
  { name: 'an unset target port is the port', port: { port: 80 }, pod: aPod(), want: 80 },
  { name: 'a zero target port is the port', port: { port: 80, targetPort: 0 }, pod: aPod(), want: 80 },
  { name: 'an empty target port is the port', port: { port: 80, targetPort: '' }, pod: aPod(), want: 80 },
  {
    name: 'a name that no container has',
    port: named,
    pod: aPod({ containers: [container('a', [{ name: 'q', containerPort: 1 }])] }),
    want: undefined,
  },
  {
    name: 'a name in the second container',
    port: named,
    pod: aPod({
      containers: [
        container('a', [{ name: 'q', containerPort: 1 }]),
        container('b', [{ name: 'p', containerPort: 2 }]),
      ],
    }),
    want: 2,
  },
  {
    name: 'the first container of two wins',
    port: named,
    pod: aPod({
      containers: [
        container('a', [{ name: 'p', containerPort: 1 }]),
        container('b', [{ name: 'p', containerPort: 2 }]),
      ],
    }),
    want: 1,
  },
  {
    name: 'a name with another protocol does not count',
    port: named,
    pod: aPod({ containers: [container('a', [{ name: 'p', containerPort: 1, protocol: 'UDP' }])] }),
    want: undefined,
  },
  {
    name: 'the protocol chooses between equal names',
    port: { ...named, protocol: 'UDP' },
    pod: aPod({
      containers: [
        container('a', [
          { name: 'p', containerPort: 1, protocol: 'TCP' },
          { name: 'p', containerPort: 2, protocol: 'UDP' },
        ]),
      ],
    }),
    want: 2,
  },
  {
    name: 'a sidecar is looked at',
    port: named,
    pod: aPod({
      containers: [container('a')],
      spec: {
        initContainers: [container('s', [{ name: 'p', containerPort: 3 }], { restartPolicy: 'Always' })],
      },
    }),
    want: 3,
  },
  {
    name: 'a container wins over a sidecar',
    port: named,
    pod: aPod({
      containers: [container('a', [{ name: 'p', containerPort: 1 }])],
      spec: {
        initContainers: [container('s', [{ name: 'p', containerPort: 3 }], { restartPolicy: 'Always' })],
      },
    }),
    want: 1,
  },
  {
    name: 'an ordinary init container is never looked at',
    port: named,
    pod: aPod({
      containers: [container('a')],
      spec: { initContainers: [container('i', [{ name: 'p', containerPort: 3 }])] },
    }),
    want: undefined,
  },
];

describe('resolveServicePorts', () => {
  it.each(cases)('$name: $want', ({ port, pod, want }) => {
    expect(resolveServicePorts([port], pod).map((one) => one.port)).toEqual(want === undefined ? [] : [want]);
  });

  it('takes name, protocol and appProtocol from the Service, sorted by name', () => {
    const ports: readonly ServicePort[] = [
      { name: 'web', port: 80, targetPort: 'http', appProtocol: 'kubernetes.io/h2c' },
      { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
    ];
    expect(resolveServicePorts(ports, aPod())).toEqual([
      { name: 'dns', port: 5353, protocol: 'UDP' },
      { name: 'web', port: 8080, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
    ]);
  });

  it('names a nameless port with the empty text', () => {
    expect(resolveServicePorts([{ port: 80 }], aPod())).toEqual([{ name: '', port: 80, protocol: 'TCP' }]);
  });

  it('gives no ports for a Service without ports', () => {
    expect(resolveServicePorts([], aPod())).toEqual([]);
  });
});

describe('resolveProbePort', () => {
  it.each([
    { reference: 5432, want: 5432 },
    { reference: 'http', want: 8080 },
    { reference: 'nothing', want: undefined },
  ])('$reference is $want', ({ reference, want }) => {
    expect(resolveProbePort(reference, aPod())).toBe(want);
  });

  it('does not see a UDP port of that name', () => {
    const pod = aPod({ containers: [container('a', [{ name: 'dns', containerPort: 53, protocol: 'UDP' }])] });
    expect(resolveProbePort('dns', pod)).toBeUndefined();
  });
});
