import type { Container } from '#lib/core/kubernetes.ts';
import { isFinished, isReady, type Layout, type PodModel } from './world.ts';

const GATE = 'example.com/gate';
const START = '2026-01-01T00:00:00Z';

/** Containers of a layout, and init containers with sidecars among them. */
export interface Containers {
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
}

/** What a layout stands for. */
export function containersOf(layout: Layout): Containers {
  const sidecar = { restartPolicy: 'Always' };
  switch (layout) {
    case 'web':
      return { containers: [declaring('main', ['web', 8080])], initContainers: [] };
    case 'other-number':
      return { containers: [declaring('main', ['web', 9090], ['alt', 9191])], initContainers: [] };
    case 'no-ports':
      return { containers: [declaring('main')], initContainers: [] };
    case 'sidecar':
      return {
        containers: [declaring('main', ['alt', 8080])],
        initContainers: [{ ...declaring('side', ['web', 8181]), ...sidecar }],
      };
    case 'init':
      return {
        containers: [declaring('main', ['alt', 8080])],
        initContainers: [declaring('setup', ['web', 7070])],
      };
    case 'twice':
      return {
        containers: [declaring('main', ['web', 8080])],
        initContainers: [{ ...declaring('side', ['web', 8282]), ...sidecar }],
      };
    case 'udp-first':
      return {
        containers: [
          {
            name: 'main',
            ports: [
              { name: 'web', containerPort: 5353, protocol: 'UDP' },
              { name: 'alt', containerPort: 8383, protocol: 'TCP' },
            ],
          },
          declaring('second', ['web', 8383]),
        ],
        initContainers: [],
      };
  }
}

/** The pod as its owner creates it. */
export function podManifest(pod: PodModel): object {
  const { containers, initContainers } = containersOf(pod.layout);
  const withImage = (container: Container): object => ({ ...container, image: 'none' });
  return {
    metadata: { name: pod.name, labels: pod.labels },
    spec: {
      nodeName: pod.node,
      ...(pod.isOnHostNetwork === undefined ? {} : { hostNetwork: true }),
      ...(pod.hostname === undefined ? {} : { hostname: pod.hostname }),
      ...(pod.subdomain === undefined ? {} : { subdomain: pod.subdomain }),
      ...(pod.gate === 'none' ? {} : { readinessGates: [{ conditionType: GATE }] }),
      containers: containers.map(withImage),
      initContainers: initContainers.map(withImage),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
    },
  };
}

/** The part of the metadata that changes, as a merge patch has it: labels that are not named go. */
export function podMetadata({ labels, touched }: PodModel): object {
  return {
    labels: { app: null, tier: null, ...labels },
    annotations: { 'example.com/touched': String(touched) },
  };
}

/** The status that a kubelet would write, as a merge patch. */
export function podStatus(pod: PodModel): object {
  const { containers, initContainers } = containersOf(pod.layout);
  const [podIP = null] = pod.ips;
  const statuses = (list: readonly Container[]): readonly object[] =>
    list.map(({ name }) => containerStatus(name, pod));
  return {
    phase: pod.phase,
    podIP,
    podIPs: pod.ips.length === 0 ? null : pod.ips.map((ip) => ({ ip })),
    startTime: START,
    conditions: [
      condition('Ready', isReady(pod)),
      condition('ContainersReady', pod.containersReady && !isFinished(pod)),
      ...(pod.gate === 'open' || pod.gate === 'shut' ? [condition(GATE, pod.gate === 'open')] : []),
    ],
    containerStatuses: statuses(containers),
    initContainerStatuses: statuses(initContainers),
  };
}

function declaring(name: string, ...ports: readonly (readonly [string, number])[]): Container {
  return {
    name,
    ports: ports.map(([port, containerPort]) => ({ name: port, containerPort, protocol: 'TCP' })),
  };
}

function condition(type: string, isTrue: boolean): object {
  return { type, status: isTrue ? 'True' : 'False', lastTransitionTime: START };
}

function containerStatus(name: string, pod: PodModel): object {
  return {
    name,
    ready: pod.containersReady && !isFinished(pod),
    restartCount: 0,
    image: 'none',
    imageID: '',
    state: isFinished(pod) ? { terminated: { exitCode: 0 } } : { running: { startedAt: START } },
  };
}
