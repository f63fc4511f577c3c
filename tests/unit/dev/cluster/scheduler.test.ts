import { expect, test } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import { nodeAddresses } from '../../../../dev/cluster/address-plan.ts';
import { fewestPods } from '../../../../dev/cluster/scheduler.ts';

const aNode = (number: number, unschedulable = false) => ({
  ...nodeAddresses('10.200', number, `node-${number}`),
  zone: `zone-${number}`,
  unschedulable,
  labels: {},
});

const aPod = (nodeSelector?: Readonly<Record<string, string>>): Pod => ({
  metadata: { name: 'a' },
  spec: { containers: [], ...(nodeSelector && { nodeSelector }) },
});

const daemonPod = (node: string): Pod => {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const required = { nodeSelectorTerms: [{ matchFields }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  const spec = { containers: [], affinity };
  return { metadata: { name: 'a' }, spec };
};

const candidates = [
  { node: aNode(1), podCount: 2 },
  { node: aNode(2), podCount: 1 },
  { node: aNode(3, true), podCount: 0 },
];

test.each([
  { name: 'the emptiest schedulable node is taken', pod: aPod(), want: 'node-2' },
  {
    name: 'a selector wins over emptiness',
    pod: aPod({ 'kubernetes.io/hostname': 'node-1' }),
    want: 'node-1',
  },
  { name: 'an unschedulable node is never taken', pod: aPod({ 'topology.kubernetes.io/zone': 'zone-3' }) },
  { name: 'a pod of a DaemonSet gets its node in any case', pod: daemonPod('node-3'), want: 'node-3' },
  { name: 'a pod of a DaemonSet waits for a node that is away', pod: daemonPod('node-4') },
])('$name', ({ pod, want }) => {
  expect(fewestPods(pod, candidates)).toBe(want);
});
