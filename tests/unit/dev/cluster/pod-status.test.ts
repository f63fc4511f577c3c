import { describe, expect, test } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import { type PodRun, podStatus } from '../../../../dev/cluster/pod-status.ts';

const before = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:01:00Z';

const aContainer = (ready: boolean) => ({ id: 'process://1', startedAt: before, restartCount: 0, ready });

function aRun(containers: Readonly<Record<string, boolean>>, phase: PodRun['phase'] = 'Running'): PodRun {
  const runs = Object.entries(containers).map(([name, ready]) => [name, aContainer(ready)] as const);
  return {
    phase,
    addresses: ['10.1.1.1', 'fd00::1'],
    hostAddresses: ['10.1.0.1'],
    startTime: before,
    containers: new Map(runs),
  };
}

function aPod(spec: Partial<Pod['spec']> = {}, status?: Pod['status']): Pod {
  return {
    metadata: { name: 'a', namespace: 'default' },
    spec: { containers: [{ name: 'main' }, { name: 'helper' }], ...spec },
    ...(status && { status }),
  };
}

const statusOf = (status: Pod['status'], type: string) =>
  status?.conditions?.find((condition) => condition.type === type)?.status;

describe('Ready and ContainersReady', () => {
  const gate = { readinessGates: [{ conditionType: 'lb' }] };
  const gateTrue = { conditions: [{ type: 'lb', status: 'True' as const }] };
  const sidecar = { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] };
  test.each([
    { name: 'all ready', pod: aPod(), run: aRun({ main: true, helper: true }), want: ['True', 'True'] },
    {
      name: 'one not ready',
      pod: aPod(),
      run: aRun({ main: true, helper: false }),
      want: ['False', 'False'],
    },
    { name: 'one not started', pod: aPod(), run: aRun({ main: true }), want: ['False', 'False'] },
    { name: 'open gate', pod: aPod(gate), run: aRun({ main: true, helper: true }), want: ['False', 'True'] },
    {
      name: 'true gate',
      pod: aPod(gate, gateTrue),
      run: aRun({ main: true, helper: true }),
      want: ['True', 'True'],
    },
    {
      name: 'sidecar not ready',
      pod: aPod(sidecar),
      run: aRun({ main: true, helper: true, proxy: false }),
      want: ['False', 'False'],
    },
    {
      name: 'ended',
      pod: aPod(),
      run: aRun({ main: true, helper: true }, 'Failed'),
      want: ['False', 'False'],
    },
  ])('$name: $want', ({ pod, run, want }) => {
    const status = podStatus(pod, run, now);
    expect([statusOf(status, 'Ready'), statusOf(status, 'ContainersReady')]).toEqual(want);
  });
});

test('a condition keeps its transition time while its status stays', () => {
  const run = aRun({ main: true, helper: true });
  const first = podStatus(aPod(), run, before);
  const second = podStatus(aPod({}, first), aRun({ main: false, helper: true }), now);
  const times = Object.fromEntries(second.conditions?.map((c) => [c.type, c.lastTransitionTime]) ?? []);
  expect(times).toMatchObject({
    Ready: now,
    ContainersReady: now,
    Initialized: before,
    PodScheduled: before,
  });
});

test('both addresses are reported, the first as the pod address', () => {
  expect(podStatus(aPod(), aRun({}), now)).toMatchObject({
    podIP: '10.1.1.1',
    podIPs: [{ ip: '10.1.1.1' }, { ip: 'fd00::1' }],
  });
});
