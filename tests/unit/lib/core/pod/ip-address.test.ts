import { describe, expect, it } from 'vitest';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';

describe('parseIpAddress', () => {
  it.each([
    { given: '10.1.2.3', want: { family: 'IPv4', address: '10.1.2.3' } },
    { given: '010.001.002.003', want: { family: 'IPv4', address: '10.1.2.3' } },
    { given: '::ffff:10.1.2.3', want: { family: 'IPv4', address: '10.1.2.3' } },
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
