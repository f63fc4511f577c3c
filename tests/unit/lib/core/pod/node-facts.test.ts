import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeFacts, nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { aNode } from '../../../../support/builders.ts';

describe('nodeFacts', () => {
  it.each([
    {
      name: 'ready node',
      node: aNode({ zone: 'a' }),
      want: { name: 'n', exists: true, isLost: false, zone: 'a' },
    },
    { name: 'empty zone', node: aNode({ zone: '' }), want: { name: 'n', exists: true, isLost: false } },
    {
      name: 'kubelet says not ready',
      node: aNode({ ready: 'False' }),
      want: { name: 'n', exists: true, isLost: false },
    },
    {
      name: 'given up by Kubernetes',
      node: aNode({ ready: 'Unknown' }),
      want: { name: 'n', exists: true, isLost: true },
    },
    {
      name: 'not reported yet',
      node: aNode({ ready: null }),
      want: { name: 'n', exists: true, isLost: false },
    },
    { name: 'no Node object', node: undefined, want: { name: 'n', exists: false, isLost: false } },
  ])('$name', ({ node, want }) => {
    expect(nodeFacts('n', node)).toEqual(want);
  });
});

describe('nodeLabelValue', () => {
  it('is the name where that is a label value', () => {
    expect(nodeLabelValue('worker-1.example.org')).toBe('worker-1.example.org');
    expect(nodeLabelValue('n'.repeat(63))).toBe('n'.repeat(63));
  });

  it('keeps long names apart that begin alike', () => {
    const start = 'n'.repeat(100);
    expect(nodeLabelValue(`${start}a`)).not.toBe(nodeLabelValue(`${start}b`));
    expect(nodeLabelValue(`${start}a`)).toMatch(/^n{46}-[0-9a-f]{16}$/);
  });

  it('is a valid label value for every name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 253 }), (name) => {
        expect(nodeLabelValue(name)).toMatch(/^(?=.{1,63}$)[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?$/);
      }),
    );
  });
});
