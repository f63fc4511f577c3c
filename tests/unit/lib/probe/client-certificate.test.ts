import { expect, test } from 'vitest';
import type { Secret } from '#lib/core/kubernetes.ts';
import { parseClientCertificate } from '#lib/probe/client-certificate.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const metadata = { namespace: 'my-ns', name: 'client' };
const data = { 'tls.crt': base64('the certificate'), 'tls.key': base64('the key') };

test.each<{ readonly name: string; readonly secret: Secret; readonly want: unknown }>([
  {
    name: 'a certificate with its key',
    secret: { metadata, type: 'kubernetes.io/tls', data: { ...data, 'ca.crt': base64('x') } },
    want: { clientCert: 'the certificate', clientKey: 'the key' },
  },
  {
    name: 'a Secret of another type',
    secret: { metadata, type: 'Opaque', data },
    want: { invalid: 'Secret my-ns/client must be of type kubernetes.io/tls' },
  },
  {
    name: 'a Secret without a type',
    secret: { metadata, data },
    want: { invalid: 'Secret my-ns/client must be of type kubernetes.io/tls' },
  },
  ...['tls.crt', 'tls.key'].map((key) => ({
    name: `an empty ${key}`,
    secret: { metadata, type: 'kubernetes.io/tls', data: { ...data, [key]: '' } },
    want: { invalid: 'Secret my-ns/client must have both tls.crt and tls.key' },
  })),
])('$name', ({ secret, want }) => {
  expect(parseClientCertificate(secret)).toEqual(want);
});
