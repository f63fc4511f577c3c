import { describe, expect, test } from 'vitest';
import type { Secret } from '#lib/core/kubernetes.ts';
import { CREDENTIALS_SECRET_TYPE, parseCredentials } from '#lib/probe/credentials.ts';

function aSecret(values: Readonly<Record<string, string>>, type = 'Opaque'): Secret {
  return {
    metadata: { namespace: 'my-ns', name: 'cred-secret', uid: 'u', resourceVersion: '7' },
    type,
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  };
}

const LOGIN = { user: 'probe', password: 'päss' };

describe('a Secret', () => {
  test.each([
    { name: 'generic', secret: aSecret(LOGIN), want: { ...LOGIN, version: 'u/7' } },
    {
      name: 'of the own type: encrypted, unverified by default',
      secret: aSecret(LOGIN, CREDENTIALS_SECRET_TYPE),
      want: { ...LOGIN, tlsMode: 'SkipVerification', version: 'u/7' },
    },
    {
      name: 'with all keys',
      secret: aSecret({ ...LOGIN, tlsMode: 'VerifyAll', caCert: 'a', clientCert: 'b', clientKey: 'c' }),
      want: { ...LOGIN, tlsMode: 'VerifyAll', caCert: 'a', clientCert: 'b', clientKey: 'c', version: 'u/7' },
    },
    {
      name: 'whose optional keys are empty',
      secret: aSecret({
        user: 'probe',
        password: '',
        tlsMode: '',
        caCert: '',
        clientCert: '',
        clientKey: '',
      }),
      want: { user: 'probe', password: '', version: 'u/7' },
    },
    {
      name: 'of another type',
      secret: aSecret(LOGIN, 'kubernetes.io/basic-auth'),
      want: {
        invalid:
          'Secret my-ns/cred-secret must be of type generic or network.deckhouse.io/postgresql-credentials',
      },
    },
    {
      name: 'without a user',
      secret: aSecret({ password: 'x' }),
      want: { invalid: 'Secret my-ns/cred-secret has no key user' },
    },
    {
      name: 'with a zero byte, which would add startup parameters',
      secret: aSecret({ user: 'a\0replication\0true' }),
      want: { invalid: 'Secret my-ns/cred-secret: user must not hold a zero byte' },
    },
    {
      name: 'with a mode that is none',
      secret: aSecret({ ...LOGIN, tlsMode: 'verify-full' }),
      want: {
        invalid:
          'Secret my-ns/cred-secret: tlsMode must be one of Disabled, SkipVerification, VerifyCA, VerifyAll',
      },
    },
    {
      name: 'with half a client certificate',
      secret: aSecret({ ...LOGIN, clientKey: 'c' }),
      want: { invalid: 'Secret my-ns/cred-secret must have both or none of clientCert and clientKey' },
    },
  ])('$name', ({ secret, want }) => {
    expect(parseCredentials(secret)).toEqual(want);
  });
});
