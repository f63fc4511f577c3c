import { describe, expect, test } from 'vitest';
import { mayGivePassword, refusalMessage } from '#lib/probe/probers/postgresql-authentication.ts';

describe('the password is given', () => {
  test.each([
    { method: 'scram', tlsMode: undefined, transport: 'plain', want: true },
    { method: 'scram', tlsMode: 'Disabled', transport: 'plain', want: true },
    { method: 'md5', tlsMode: undefined, transport: 'plain', want: false },
    { method: 'md5', tlsMode: undefined, transport: 'tls', want: true },
    { method: 'md5', tlsMode: 'Disabled', transport: 'plain', want: true },
    { method: 'cleartext', tlsMode: undefined, transport: 'plain', want: false },
    { method: 'cleartext', tlsMode: undefined, transport: 'tls', want: false },
    { method: 'cleartext', tlsMode: 'Disabled', transport: 'plain', want: false },
    { method: 'cleartext', tlsMode: 'SkipVerification', transport: 'tls', want: true },
    { method: 'cleartext', tlsMode: 'VerifyAll', transport: 'tls', want: true },
  ] as const)('$method, $tlsMode, $transport: $want', ({ method, tlsMode, transport, want }) => {
    expect(mayGivePassword(method, tlsMode, transport)).toBe(want);
  });
});

test('every refusal says what to do', () => {
  expect(refusalMessage('cleartext', 'plain', 5432)).toMatch(/refused, enable TLS or SCRAM$/);
  expect(refusalMessage('cleartext', 'tls', 5432)).toMatch(/refused, set tlsMode in the Secret$/);
  expect(refusalMessage('md5', 'plain', 5432)).toMatch(/refused, set tlsMode in the Secret$/);
});
