import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { readiness, unreadyReasons } from '../../../hooks/readiness.ts';

interface Workload extends KubernetesObject {
  readonly spec?: object;
  readonly status?: object;
}

const deployment = (status: object = {}, replicas = 2): Workload => ({
  metadata: { name: 'controller', generation: 3 },
  spec: { replicas },
  status: { observedGeneration: 3, availableReplicas: replicas, ...status },
});
const daemonSet = (status: object = {}): Workload => ({
  metadata: { name: 'agent', generation: 1 },
  status: { observedGeneration: 1, desiredNumberScheduled: 3, numberReady: 3, ...status },
});

describe('unreadyReasons', () => {
  it.each([
    { name: 'nothing while all of them run', controller: deployment(), agent: daemonSet(), want: [] },
    {
      name: 'nothing while one controller is left to lead',
      controller: deployment({ availableReplicas: 1 }),
      agent: daemonSet(),
      want: [],
    },
    {
      name: 'that the workloads are not there',
      controller: undefined,
      agent: undefined,
      want: ['Deployment controller does not exist', 'DaemonSet agent does not exist'],
    },
    {
      name: 'that no controller is available, and what its conditions say',
      controller: deployment({
        availableReplicas: 0,
        conditions: [
          { type: 'Available', status: 'False', message: 'Deployment does not have minimum availability.' },
          { type: 'Progressing', status: 'True', message: 'in progress' },
          { type: 'ReplicaFailure', status: 'True', message: 'quota exceeded' },
        ],
      }),
      agent: daemonSet(),
      want: [
        'Deployment controller has 0 of 2 replicas available (Deployment does not have minimum availability. quota exceeded)',
      ],
    },
    {
      name: 'that a status without numbers means none',
      controller: { metadata: { name: 'controller' } },
      agent: { metadata: { name: 'agent' } },
      want: ['Deployment controller has 0 of 1 replicas available'],
    },
    {
      name: 'on how many nodes agents are missing',
      controller: deployment(),
      agent: daemonSet({ numberReady: 1 }),
      want: ['DaemonSet agent is ready on 1 of 3 nodes'],
    },
    {
      name: 'that a new version is not looked at yet',
      controller: deployment({ observedGeneration: 2 }),
      agent: daemonSet({ observedGeneration: 0 }),
      want: ['Deployment controller is being rolled out', 'DaemonSet agent is being rolled out'],
    },
  ])('tells $name', ({ controller, agent, want }) => {
    expect(unreadyReasons(controller, agent)).toEqual(want);
  });
});

describe('readiness', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const ready = { controller: [deployment()], agent: [daemonSet()] };

  it('is a gauge, and silent while the module is ready', () => {
    expect(readiness.run({ snapshots: ready, values: {}, now })).toEqual({
      operations: [],
      metrics: [{ name: 'd8_service_with_healthchecks_module_ready', value: 1 }],
    });
  });

  it('gives its reasons in one message', () => {
    const { message, metrics } = readiness.run({ snapshots: { ...ready, agent: [] }, values: {}, now });
    expect(message).toBe('module service-with-healthchecks is not ready: DaemonSet agent does not exist');
    expect(metrics).toEqual([{ name: 'd8_service_with_healthchecks_module_ready', value: 0 }]);
  });

  it('writes the Module only where Deckhouse says that there is one', () => {
    const values = { global: { deckhouseVersion: 'v1.80.0' } };
    const { operations } = readiness.run({ snapshots: ready, values, now });
    expect(operations).toMatchObject([
      { operation: 'JQPatch', kind: 'Module', name: 'service-with-healthchecks', subresource: 'status' },
    ]);
  });
});
