import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressBlocks,
  freeBlocks,
  maxNodes,
  nodeAddresses,
  overlaps,
  planAddresses,
  podAddresses,
} from '../../../../dev/cluster/address-plan.ts';

describe('overlaps', () => {
  test.each([
    { name: 'a prefix and itself', given: ['10.213.0.0/16', '10.213.0.0/16'], want: true },
    { name: 'a prefix and an address in it', given: ['10.213.0.0/16', '10.213.4.5'], want: true },
    { name: 'a prefix and one that holds it', given: ['10.213.0.0/16', '10.0.0.0/8'], want: true },
    { name: 'neighbours', given: ['10.213.0.0/16', '10.214.0.0/16'], want: false },
    { name: 'addresses above half of the range', given: ['198.18.0.0/16', '198.19.0.1'], want: false },
    { name: 'everything', given: ['198.18.0.0/16', '0.0.0.0/0'], want: true },
  ] as const)('$name: $want', ({ given: [a, b], want }) => {
    expect([overlaps(a, b), overlaps(b, a)]).toEqual([want, want]);
  });
});

test('a block is free when no destination in use touches it', () => {
  const free = freeBlocks(['10.200.7.0/24', '192.0.2.1', '10.202.0.0/15', '198.0.0.0/8']);
  expect(free.slice(0, 2)).toEqual(['10.201', '10.204']);
  expect(free).not.toContain('198.18');
});

test('all addresses of a plan lie in its block and none is given twice', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...addressBlocks),
      fc.uniqueArray(fc.integer({ min: 1, max: maxNodes }), { minLength: 1, maxLength: 20 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { minLength: 1, maxLength: 20 }),
      (block, nodeNumbers, podNumbers) => {
        const plan = planAddresses(block);
        const nodes = nodesOf(block, nodeNumbers);
        const pods = nodes.flatMap((node) => podNumbers.map((number) => podAddresses(node, number)));
        const v4 = [plan.hub, ...nodes.map(({ address }) => address), ...pods.map(([ip]) => ip)];
        const v6 = [plan.hub6, ...nodes.map(({ address6 }) => address6), ...pods.map(([, ip]) => ip)];

        expect(new Set(v4).size).toBe(v4.length);
        expect(new Set(v6).size).toBe(v6.length);
        expect(v4.every((ip) => overlaps(ip, plan.clusterCidrs[0]))).toBe(true);
        expect(v4.some((ip) => overlaps(ip, plan.serviceCidrs[0]))).toBe(false);
      },
    ),
    { numRuns: 30 },
  );
});

test('a node that does not fit into the block is refused', () => {
  expect(() => nodeAddresses('10.200', maxNodes + 1, 'node-200')).toThrow('at most 199 nodes');
});

function nodesOf(block: string, numbers: readonly number[]) {
  return numbers.map((number) => nodeAddresses(block, number, `node-${number}`));
}
