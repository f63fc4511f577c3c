import { describe, expect, it } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import {
  addressesOf,
  isMember,
  matchesSelector,
  podAddress,
  primaryFamilyOf,
} from '#lib/core/pod/pod-membership.ts';
import { anSwh, aPod } from '../../../../support/builders.ts';

describe('isMember', () => {
  const cases: readonly { name: string; given: Pod; want: boolean }[] = [
    { name: 'a running pod with an address', given: aPod(), want: true },
    { name: 'a pending pod with an address', given: aPod({ phase: 'Pending' }), want: true },
    { name: 'a pod of unknown phase', given: aPod({ phase: 'Unknown' }), want: true },
    { name: 'a pod that is not ready', given: aPod({ isReady: false }), want: true },
    { name: 'a terminating pod', given: aPod({ isTerminating: true }), want: true },
    { name: 'a pod on the host network', given: aPod({ spec: { hostNetwork: true } }), want: true },
    { name: 'a succeeded pod', given: aPod({ phase: 'Succeeded' }), want: false },
    { name: 'a failed pod', given: aPod({ phase: 'Failed' }), want: false },
    { name: 'a failed terminating pod', given: aPod({ phase: 'Failed', isTerminating: true }), want: false },
    { name: 'a pod without an address', given: aPod({ ips: [] }), want: false },
    {
      name: 'a pod with podIP only: addresses come from podIPs',
      given: aPod({ ips: [], status: { podIP: '10.1.0.1' } }),
      want: false,
    },
    { name: 'a pod of another namespace', given: aPod({ namespace: 'other' }), want: false },
    { name: 'a pod with another label', given: aPod({ labels: { app: 'db' } }), want: false },
    { name: 'a pod with further labels', given: aPod({ labels: { app: 'web', tier: 'x' } }), want: true },
  ];
  it.each(cases)('$name: $want', ({ given, want }) => {
    expect(isMember(given, anSwh())).toBe(want);
  });
});

describe('matchesSelector', () => {
  it.each([
    { name: 'missing selector', selector: undefined, want: false },
    { name: 'empty selector', selector: {}, want: false },
    { name: 'all pairs there', selector: { a: '1', b: '2' }, want: true },
    { name: 'one pair differs', selector: { a: '1', b: '3' }, want: false },
    { name: 'one key is missing', selector: { a: '1', d: '' }, want: false },
  ])('$name: $want', ({ selector, want }) => {
    expect(matchesSelector({ a: '1', b: '2', c: '3' }, selector)).toBe(want);
  });
});

describe('addressesOf', () => {
  it('gives the first address of each family in canonical form', () => {
    const pod = aPod({ ips: ['fd00:0::1', '10.1.0.1', '10.1.0.2'] });
    expect(addressesOf(pod)).toEqual({ IPv6: 'fd00::1', IPv4: '10.1.0.1' });
    expect(primaryFamilyOf(pod)).toBe('IPv6');
  });

  it('leaves out what no slice may hold, and does not fall back to another of the family', () => {
    const pod = aPod({ ips: ['127.0.0.1', 'fd00::1', '10.1.0.1'] });
    expect(addressesOf(pod)).toEqual({ IPv6: 'fd00::1' });
    expect(podAddress(pod, 'IPv4')).toEqual({
      address: '127.0.0.1',
      refusal: 'no EndpointSlice may hold the loopback address 127.0.0.1 of the pod',
    });
    expect(podAddress(pod, 'IPv6')).toEqual({ address: 'fd00::1' });
  });

  it('passes over what is no address', () => {
    expect(addressesOf(aPod({ ips: ['nonsense'] }))).toEqual({});
    expect(primaryFamilyOf(aPod({ ips: ['nonsense'] }))).toBeUndefined();
  });
});
