import { describe, expect, it } from 'vitest';
import type { Container, ContainerStatus, Pod } from '#lib/core/kubernetes.ts';
import { containerStartFor, isPodServing } from '#lib/core/pod/pod-readiness.ts';
import type { PodReadiness, PortReference } from '#lib/core/probe/probe.ts';
import { aPod, type PodGiven } from '../../../../support/builders.ts';

const db: Container = { name: 'db', ports: [{ name: 'sql', containerPort: 5432 }] };
const web: Container = { name: 'web', ports: [{ name: 'http', containerPort: 8080 }] };

function status(name: string, ready: boolean, startedAt?: string): ContainerStatus {
  return { name, ready, ...(startedAt === undefined ? {} : { state: { running: { startedAt } } }) };
}

/** A pod whose container `db` is ready and whose container `web` is not, so that the pod is not. */
function halfReady(given: PodGiven = {}): Pod {
  return aPod({
    isReady: false,
    containers: [db, web],
    containerStatuses: [status('db', true), status('web', false)],
    ...given,
  });
}

describe('isPodServing', () => {
  const cases: readonly {
    name: string;
    pod: Pod;
    mode?: PodReadiness;
    ports: readonly PortReference[];
    want: boolean;
  }[] = [
    { name: 'no probes, pod ready', pod: aPod(), ports: [], want: true },
    { name: 'no probes, pod not ready', pod: halfReady(), ports: [], want: false },
    {
      name: 'no probes, pod not ready, readiness ignored',
      pod: halfReady(),
      mode: 'Ignore',
      ports: [],
      want: false,
    },
    { name: 'probed container ready beside one that is not', pod: halfReady(), ports: [5432], want: true },
    { name: 'the same by port name', pod: halfReady(), ports: ['sql'], want: true },
    { name: 'probed container not ready', pod: halfReady(), ports: [8080], want: false },
    { name: 'one of two probed containers not ready', pod: halfReady(), ports: [5432, 8080], want: false },
    { name: 'port that none declares, pod not ready', pod: halfReady(), ports: [9999], want: false },
    { name: 'port that none declares, pod ready', pod: aPod(), ports: [9999], want: true },
    { name: 'name that none declares, pod not ready', pod: halfReady(), ports: ['none'], want: false },
    {
      name: 'port declared with UDP only counts as not declared',
      pod: halfReady({
        containers: [{ name: 'db', ports: [{ containerPort: 53, protocol: 'UDP' }] }],
        containerStatuses: [status('db', true)],
      }),
      ports: [53],
      want: false,
    },
    {
      name: 'container without status',
      pod: halfReady({ containerStatuses: [status('web', true)] }),
      ports: [5432],
      want: false,
    },
    {
      name: 'two containers declare the port, one not ready',
      pod: halfReady({ containers: [db, { ...web, ports: [{ containerPort: 5432 }] }] }),
      ports: [5432],
      want: false,
    },
    {
      name: 'ready sidecar',
      pod: halfReady({
        containers: [web],
        spec: { initContainers: [{ ...db, restartPolicy: 'Always' }] },
        status: { initContainerStatuses: [status('db', true)] },
      }),
      ports: [5432],
      want: true,
    },
    {
      name: 'sidecar not ready',
      pod: aPod({
        spec: { initContainers: [{ ...db, restartPolicy: 'Always' }] },
        status: { initContainerStatuses: [status('db', false)] },
      }),
      ports: [5432],
      want: false,
    },
    {
      name: 'readiness gate true',
      pod: halfReady({
        spec: { readinessGates: [{ conditionType: 'x/gate' }] },
        conditions: [{ type: 'x/gate', status: 'True' }],
      }),
      ports: [5432],
      want: true,
    },
    {
      name: 'readiness gate false',
      pod: halfReady({
        spec: { readinessGates: [{ conditionType: 'x/gate' }] },
        conditions: [{ type: 'x/gate', status: 'False' }],
      }),
      ports: [5432],
      want: false,
    },
    {
      name: 'readiness gate that nobody has written',
      pod: halfReady({ spec: { readinessGates: [{ conditionType: 'x/gate' }] } }),
      ports: [5432],
      want: false,
    },
    { name: 'mode Pod, pod not ready', pod: halfReady(), mode: 'Pod', ports: [5432], want: false },
    { name: 'mode Pod, pod ready', pod: aPod(), mode: 'Pod', ports: [8080], want: true },
    { name: 'mode Ignore, nothing ready', pod: halfReady(), mode: 'Ignore', ports: [8080], want: true },
    { name: 'no Ready condition at all', pod: aPod({ status: { conditions: [] } }), ports: [], want: false },
  ];
  it.each(cases)('$name: $want', ({ pod, mode = 'Container', ports, want }) => {
    expect(isPodServing(pod, mode, ports)).toBe(want);
  });
});

describe('containerStartFor', () => {
  const statuses = [status('db', true, '2026-01-01T00:10:00Z'), status('web', true, '2026-01-01T00:20:00Z')];
  const pod = aPod({ containers: [db, web], containerStatuses: statuses });
  it.each([
    { name: 'the container that declares the number', given: pod, port: 5432, want: '2026-01-01T00:10:00Z' },
    { name: 'the container that declares the name', given: pod, port: 'http', want: '2026-01-01T00:20:00Z' },
    { name: 'the pod where none declares it', given: pod, port: 9999, want: '2026-01-01T00:00:00Z' },
    {
      name: 'the latest of several containers',
      given: aPod({
        containers: [db, { ...web, ports: [{ containerPort: 5432 }] }],
        containerStatuses: statuses,
      }),
      port: 5432,
      want: '2026-01-01T00:20:00Z',
    },
    {
      name: 'nothing while the container does not run',
      given: aPod({ containers: [db, web], containerStatuses: [status('db', false)] }),
      port: 5432,
      want: undefined,
    },
    {
      name: 'the pod while the container has no status',
      given: aPod({ containers: [db], containerStatuses: [] }),
      port: 5432,
      want: '2026-01-01T00:00:00Z',
    },
    {
      name: 'the creation where the pod has not started',
      given: aPod({
        creationTimestamp: '2025-12-31T00:00:00Z',
        containerStatuses: [],
        status: { startTime: '' },
      }),
      port: 9999,
      want: '2025-12-31T00:00:00Z',
    },
  ])('counts from $name', ({ given, port, want }) => {
    expect(containerStartFor(given, port)).toEqual(want === undefined ? undefined : new Date(want));
  });
});
