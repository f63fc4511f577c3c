import { describe, expect, it } from 'vitest';
import { parseIpAddress, refusedRange } from '#lib/core/pod/ip-address.ts';

describe('parseIpAddress', () => {
  it.each([
    { given: '10.1.2.3', want: { family: 'IPv4', address: '10.1.2.3' } },
    { given: '010.001.002.003', want: { family: 'IPv4', address: '10.1.2.3' } },
    { given: '::ffff:10.1.2.3', want: { family: 'IPv4', address: '10.1.2.3' } },
    { given: '::FFFF:7f00:1', want: { family: 'IPv4', address: '127.0.0.1' } },
    {
      given: '1234::5678:0000:0000:9abc:def0',
      want: { family: 'IPv6', address: '1234::5678:0:0:9abc:def0' },
    },
    { given: 'FD00:0:0:0:0:0:0:1', want: { family: 'IPv6', address: 'fd00::1' } },
    { given: '256.1.1.1', want: undefined },
    { given: '10.1.2', want: undefined },
    { given: '10.1.2.3.4', want: undefined },
    { given: 'fe80::1%eth0', want: undefined },
    { given: 'fd00::1]:80/[', want: undefined },
    { given: '1::2::3', want: undefined },
    { given: 'example.org', want: undefined },
    { given: '', want: undefined },
  ])('reads $given', ({ given, want }) => {
    expect(parseIpAddress(given)).toEqual(want);
  });
});

describe('refusedRange', () => {
  it.each([
    { given: '0.0.0.0', want: 'unspecified' },
    { given: '::', want: 'unspecified' },
    { given: '127.0.0.1', want: 'loopback' },
    { given: '127.255.0.9', want: 'loopback' },
    { given: '::1', want: 'loopback' },
    { given: '::ffff:127.0.0.1', want: 'loopback' },
    { given: '169.254.1.1', want: 'link-local' },
    { given: 'fe80::1', want: 'link-local' },
    { given: 'FEBF::1', want: 'link-local' },
    { given: '224.0.0.251', want: 'link-local multicast' },
    { given: 'ff02::fb', want: 'link-local multicast' },
    { given: 'ff12::1', want: 'link-local multicast' },
    { given: '10.127.0.1', want: undefined },
    { given: '169.253.0.1', want: undefined },
    { given: '224.0.1.1', want: undefined },
    { given: '::2', want: undefined },
    { given: '::1:0', want: undefined },
    { given: 'fec0::1', want: undefined },
    { given: 'ff05::2', want: undefined },
    { given: 'fd00::fe80:1', want: undefined },
  ])('of $given is $want', ({ given, want }) => {
    const address = parseIpAddress(given);
    expect(address && refusedRange(address)).toBe(want);
  });
});
