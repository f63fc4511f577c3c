import { describe, expect, test } from 'vitest';
import { connectErrorOutcome } from '#lib/probe/connect-error.ts';
import { targetOf } from '../../../support/loopback-server.ts';

const target = targetOf(8080, '10.0.0.1');

describe('what a system error says', () => {
  test.each([
    {
      code: 'ECONNREFUSED',
      want: { kind: 'failure', reason: 'ConnectionRefused', message: 'connection refused on 8080' },
    },
    {
      code: 'ECONNRESET',
      want: { kind: 'failure', reason: 'ConnectionClosed', message: '8080 reset the connection' },
    },
    { code: 'EPIPE', want: { kind: 'failure', reason: 'ConnectionClosed' } },
    {
      code: 'EHOSTUNREACH',
      want: { kind: 'failure', reason: 'Unreachable', message: '10.0.0.1 is unreachable' },
    },
    { code: 'ENETUNREACH', want: { kind: 'failure', reason: 'Unreachable' } },
    { code: 'ETIMEDOUT', want: { kind: 'failure', reason: 'Timeout', message: 'no answer from 8080' } },
    { code: 'EMFILE', want: { kind: 'unknown', cause: 'NoDescriptors' } },
    { code: 'ENFILE', want: { kind: 'unknown', cause: 'NoDescriptors' } },
    { code: 'EADDRNOTAVAIL', want: { kind: 'unknown', cause: 'NoLocalPorts' } },
    { code: 'EADDRINUSE', want: { kind: 'unknown', cause: 'NoLocalPorts' } },
    { code: 'EPERM', want: { kind: 'unknown', cause: 'Internal' } },
    { code: 'EACCES', want: { kind: 'unknown', cause: 'Internal' } },
    { code: 'EINVAL', want: { kind: 'unknown', cause: 'InvalidSettings' } },
    {
      code: 'ESOMETHING',
      want: { kind: 'unknown', cause: 'Internal', message: 'connection to 8080 failed: ESOMETHING' },
    },
  ])('$code', ({ code, want }) => {
    expect(connectErrorOutcome(Object.assign(new Error('secret'), { code }), target)).toMatchObject(want);
  });

  test('without a code is unknown and its text stays out', () => {
    expect(connectErrorOutcome(new Error('secret'), target)).toEqual({
      kind: 'unknown',
      cause: 'Internal',
      message: 'connection to 8080 failed: no error code',
    });
  });
});
