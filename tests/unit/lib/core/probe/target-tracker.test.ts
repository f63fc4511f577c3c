import { describe, expect, it } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import { trackEndpoints } from '#lib/core/probe/target-tracker.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { aCondition, anHttpProbe, anSwh, aPod, aTcpProbe } from '../../../../support/builders.ts';

const STARTED = '2026-01-01T00:00:00Z';
const DUAL = ['10.1.0.1', 'fd00::1'];

/** `family address:port`, or the message of what is blocked, of each probe. */
function shown(swh: ServiceWithHealthchecks, pods: readonly Pod[]): readonly string[] {
  return trackEndpoints(swh, pods).flatMap(({ family, address, probes }) =>
    probes.map((tracked) =>
      tracked.kind === 'probed' ? `${family} ${address}:${tracked.target.port}` : tracked.message,
    ),
  );
}

describe('trackEndpoints', () => {
  const named = anSwh({ healthcheck: { probes: [aTcpProbe({ port: 'http' })] } });
  const stopped = { name: 'main', ready: false };
  const cases: readonly { name: string; swh: ServiceWithHealthchecks; pod: Pod; want: readonly string[] }[] =
    [
      { name: 'tracks a selected pod', swh: anSwh(), pod: aPod(), want: ['IPv4 10.1.0.1:8080'] },
      {
        name: 'tracks a pod that is not ready',
        swh: anSwh(),
        pod: aPod({ isReady: false }),
        want: ['IPv4 10.1.0.1:8080'],
      },
      {
        name: 'tracks a terminating pod',
        swh: anSwh(),
        pod: aPod({ isTerminating: true }),
        want: ['IPv4 10.1.0.1:8080'],
      },
      {
        name: 'passes over a pod of another namespace',
        swh: anSwh(),
        pod: aPod({ namespace: 'x' }),
        want: [],
      },
      {
        name: 'passes over a pod with other labels',
        swh: anSwh(),
        pod: aPod({ labels: { app: 'x' } }),
        want: [],
      },
      {
        name: 'an empty selector matches nothing',
        swh: anSwh({ service: { selector: {} } }),
        pod: aPod(),
        want: [],
      },
      { name: 'passes over a finished pod', swh: anSwh(), pod: aPod({ phase: 'Succeeded' }), want: [] },
      { name: 'passes over a pod without address', swh: anSwh(), pod: aPod({ ips: [] }), want: [] },
      {
        name: 'nothing to probe without probes',
        swh: anSwh({ healthcheck: { probes: [] } }),
        pod: aPod(),
        want: [],
      },
      {
        name: 'probes each family of the Service',
        swh: anSwh({ ipFamilies: ['IPv6', 'IPv4'] }),
        pod: aPod({ ips: DUAL }),
        want: ['IPv6 fd00::1:8080', 'IPv4 10.1.0.1:8080'],
      },
      {
        name: 'probes only the families of the Service',
        swh: anSwh({ ipFamilies: ['IPv6'] }),
        pod: aPod({ ips: DUAL }),
        want: ['IPv6 fd00::1:8080'],
      },
      { name: 'finds a port by name', swh: named, pod: aPod(), want: ['IPv4 10.1.0.1:8080'] },
      {
        name: 'says so when the pod has no port of the name',
        swh: named,
        pod: aPod({ containers: [{ name: 'main' }] }),
        want: ['no container of the pod declares a TCP port named http'],
      },
      {
        name: 'waits for the container whose start the delay counts from',
        swh: anSwh(),
        pod: aPod({ containerStatuses: [stopped] }),
        want: ['the container that declares port 8080 is not running'],
      },
      {
        name: 'without a delay probes whatever runs',
        swh: anSwh({ healthcheck: { initialDelayMs: 0 } }),
        pod: aPod({ containerStatuses: [stopped] }),
        want: ['IPv4 10.1.0.1:8080'],
      },
      {
        name: 'probes no address that no slice may hold: it would be one of the agent itself',
        swh: anSwh({ ipFamilies: ['IPv4', 'IPv6'] }),
        pod: aPod({ ips: ['127.0.0.1', 'fd00::1'] }),
        want: ['IPv6 fd00::1:8080'],
      },
      {
        name: 'probes nothing while the Service is somebody else’s',
        swh: anSwh({
          conditions: [
            aCondition({ type: 'ChildServiceReady', status: 'False', reason: 'ChildServiceConflict' }),
          ],
        }),
        pod: aPod(),
        want: [],
      },
      {
        name: 'goes on probing while the object is being deleted',
        swh: anSwh({ isDeleting: true }),
        pod: aPod(),
        want: ['IPv4 10.1.0.1:8080'],
      },
    ];
  it.each(cases)('$name', ({ swh, pod, want }) => {
    expect(shown(swh, [pod])).toEqual(want);
  });

  it('finds a port by name in each pod for itself', () => {
    const pods = [1001, 1002].map((containerPort, index) =>
      aPod({
        name: `web-${index}`,
        ips: [`10.1.0.${index}`],
        containers: [{ name: 'main', ports: [{ name: 'http', containerPort }] }],
      }),
    );
    expect(shown(named, pods)).toEqual(['IPv4 10.1.0.0:1001', 'IPv4 10.1.0.1:1002']);
  });

  it('tells HTTP probes which other TCP ports the pod declares', () => {
    const ports = [
      { containerPort: 8080 },
      { containerPort: 8443, protocol: 'TCP' },
      { containerPort: 53, protocol: 'UDP' },
    ];
    const sidecar = { name: 's', restartPolicy: 'Always', ports: [{ containerPort: 15_020 }] };
    const pod = aPod({
      containers: [{ name: 'main', ports }],
      spec: { initContainers: [sidecar, { name: 'i', ports: [{ containerPort: 1 }] }] },
    });
    const probes = [anHttpProbe(), anHttpProbe({ port: 9 }), aTcpProbe()];
    const [endpoint] = trackEndpoints(anSwh({ healthcheck: { initialDelayMs: 0, probes } }), [pod]);
    const declared = endpoint?.probes.map((one) => one.kind === 'probed' && one.target.declaredPorts);
    expect(declared).toEqual([[8443, 15_020], [8080, 8443, 15_020], undefined]);
  });

  it('carries the identity of the pod and the start of its container', () => {
    expect(trackEndpoints(anSwh(), [aPod()])).toMatchObject([
      {
        podName: 'web-1',
        podUid: 'uid-web-1',
        probes: [
          {
            target: { namespace: 'default', podName: 'web-1', podUid: 'uid-web-1', address: '10.1.0.1' },
            startedAtSeconds: Date.parse(STARTED) / 1000,
          },
        ],
      },
    ]);
  });
});
