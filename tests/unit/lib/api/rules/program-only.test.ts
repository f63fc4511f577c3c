import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { CA_CERT, withHttp, withProbes } from '../../../../support/resource-corpus.ts';

const BROKEN_CERT = CA_CERT.replace('MIIB', 'XXXX');

/** Faults that the rules of the resource definition cannot see. */
describe('rules that only the parser has', () => {
  it.each([
    {
      name: 'a certificate that does not parse',
      object: withHttp({ scheme: 'HTTPS', caCert: BROKEN_CERT }),
      want: ['spec.healthcheck.probes[0].http.caCert', 'certificate 1 of 1 does not parse'],
    },
    {
      name: 'the second of two certificates that does not parse',
      object: withHttp({ scheme: 'HTTPS', caCert: CA_CERT + BROKEN_CERT }),
      want: ['spec.healthcheck.probes[0].http.caCert', 'certificate 2 of 2 does not parse'],
    },
    {
      name: 'markers in the wrong order',
      object: withHttp({ scheme: 'HTTPS', caCert: '-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----' }),
      want: ['spec.healthcheck.probes[0].http.caCert', 'paste the certificates in PEM'],
    },
    {
      name: 'a certificate that does not parse, under gRPC',
      object: withProbes({ grpc: { targetPort: 1, tls: { caCert: BROKEN_CERT } } }),
      want: ['spec.healthcheck.probes[0].grpc.tls.caCert', 'certificate 1 of 1 does not parse'],
    },
    {
      name: 'half a character',
      object: withProbes({ tcp: { targetPort: 1, send: 'a\ud83d' } }),
      want: ['spec.healthcheck.probes[0].tcp.send', 'UTF-8'],
    },
    {
      name: 'half a character in a header',
      object: withHttp({ httpHeaders: [{ name: 'X-A', value: '\udc00' }] }),
      want: ['spec.healthcheck.probes[0].http.httpHeaders[0].value', 'UTF-8'],
    },
    {
      name: 'a NUL in a query',
      object: withProbes({ postgreSQL: { targetPort: 1, query: 'select 1\0' } }),
      want: ['spec.healthcheck.probes[0].postgreSQL.query', 'NUL'],
    },
    {
      name: 'a NUL in the name of a database',
      object: withProbes({ postgreSQL: { targetPort: 1, dbName: 'a\0user' } }),
      want: ['spec.healthcheck.probes[0].postgreSQL.dbName', 'NUL'],
    },
    {
      name: 'a host that has no ASCII form',
      object: withHttp({ host: 'xn--\u00ad\u2260' }),
      want: ['spec.healthcheck.probes[0].http.host', 'bare host name'],
    },
  ])('reject $name', ({ object, want: [path, message] }) => {
    expect(parseServiceWithHealthchecks(object)).toMatchObject({
      kind: 'rejected',
      violations: [{ path, message: expect.stringContaining(message ?? '') }],
    });
  });

  it.each([
    {
      name: 'two good certificates with a comment',
      http: { scheme: 'HTTPS', caCert: `# a\n${CA_CERT}\n# b\n${CA_CERT}` },
      warned: [],
    },
    {
      name: 'a broken certificate that is not used over HTTP',
      http: { caCert: BROKEN_CERT },
      warned: ['scheme: HTTPS'],
    },
    {
      name: 'a broken certificate that is not used without verification',
      http: { scheme: 'HTTPS', insecureSkipTLSVerify: true, caCert: BROKEN_CERT },
      warned: ['insecureSkipTLSVerify'],
    },
    {
      name: 'a client certificate that is not used over HTTP',
      http: { clientCertSecretName: 'client' },
      warned: ['scheme: HTTPS'],
    },
    {
      name: 'a client certificate over HTTPS',
      http: { scheme: 'HTTPS', clientCertSecretName: 'client' },
      warned: [],
    },
    { name: 'a negotiation that needs TLS', http: { version: 'Negotiated' }, warned: ['HTTP/1.1 is spoken'] },
    { name: 'HTTP/2 without TLS', http: { version: 'HTTP2' }, warned: [] },
    { name: 'an emoji', http: { expectBody: '😀' }, warned: [] },
  ])('accept $name', ({ http, warned }) => {
    expect(parseServiceWithHealthchecks(withHttp(http))).toMatchObject({
      kind: 'accepted',
      warnings: warned.map((part) => ({ message: expect.stringContaining(part) })),
    });
  });
});
