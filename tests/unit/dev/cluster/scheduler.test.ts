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
])('$name', ({ pod, want }) => {
  expect(fewestPods(pod, candidates)).toBe(want);
});
