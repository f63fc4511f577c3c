import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParseResult, parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { ServiceWithHealthchecks, Violation } from '#lib/core/service-with-healthchecks.ts';
import { parseYaml } from '../../../../dev/manifest/yaml.ts';
import { deepFreeze } from '../../../support/deep-freeze.ts';
import { mutated } from '../../../support/mutated-manifest.ts';
import {
  BAD_OBJECTS,
  CA_CERT,
  GOOD_OBJECTS,
  type Manifest,
  manifest,
  withHealthcheck,
  withHttp,
  withProbes,
} from '../../../support/resource-corpus.ts';

describe('parseServiceWithHealthchecks', () => {
  it.each(GOOD_OBJECTS)('accepts $name', ({ object }) => {
    expect(parseServiceWithHealthchecks(object)).toMatchObject({ kind: 'accepted' });
  });

  it.each(BAD_OBJECTS.filter(({ isTolerated }) => !isTolerated))('rejects $name', ({ object, path }) => {
    const result = parseServiceWithHealthchecks(object);
    expect(pathsOf(result.kind === 'rejected' ? result.violations : [])).toEqual([path]);
  });

  it.each(BAD_OBJECTS.filter(({ isTolerated }) => isTolerated))('warns of $name', ({ object, path }) => {
    const result = parseServiceWithHealthchecks(object);
    expect(pathsOf(result.kind === 'accepted' ? result.warnings : [])).toEqual([path]);
  });

  it.each([
    {
      name: 'web',

      probe: { kind: 'http', port: 8080, path: '/healthz', method: 'GET' },
    },
    { name: 'smtp', probe: { kind: 'tcp', port: 2525 } },
    {
      name: 'postgres-read',
      probe: {
        kind: 'postgresql',
        port: 5432,
        database: 'postgres',
        query: 'SELECT 1',
        secretName: 'cred-secret',
      },
    },
    { name: 'postgres-write', probe: { kind: 'postgresql', query: 'SELECT NOT pg_is_in_recovery()' } },
  ])('reads the example $name', ({ name, probe }) => {
    const swh = accepted(inNamespace(example(name)));
    expect(swh.healthcheck.probes).toMatchObject([
      { ...probe, timeoutMs: 1000, successThreshold: 1, failureThreshold: 3 },
    ]);
  });
});

describe('defaults of the parser', () => {
  it('give a missing healthcheck the values of an empty one', () => {
    const missing = accepted(manifest({ ports: [{ port: 80 }] })).healthcheck;
    expect(missing).toEqual(accepted(manifest({ ports: [{ port: 80 }], healthcheck: {} })).healthcheck);
    expect(missing).toEqual({
      initialDelayMs: 10_000,
      periodMs: 10_000,
      sentinel: false,
      podReadiness: 'Container',
      requirement: { type: 'All' },
      failOpen: { type: 'None' },
      probes: [],
    });
  });

  it('fill in an HTTP probe', () => {
    expect(accepted(withHttp({})).healthcheck.probes).toEqual([
      {
        kind: 'http',
        port: 8080,
        timeoutMs: 1000,
        successThreshold: 1,
        failureThreshold: 3,
        scheme: 'HTTP',
        method: 'GET',
        path: '/',
        headers: [],
        verifyTls: true,
        version: 'HTTP1',
        connection: 'Fresh',
      },
    ]);
  });

  it.each([
    { name: 'a query', given: { targetPort: 5432 } },
    { name: 'an empty query', given: { targetPort: 5432, query: '' } },
  ])('fill in $name', ({ given }) => {
    expect(accepted(withProbes({ postgreSQL: given })).healthcheck.probes).toMatchObject([
      { query: 'select 1' },
    ]);
  });

  it.each([
    { name: 'off without a fast period', given: {}, want: false },
    { name: 'on with a fast period', given: { fastPeriodMilliseconds: 200 }, want: true },
    { name: 'as written', given: { fastPeriodMilliseconds: 200, sentinel: false }, want: false },
  ])('turn the sentinel $name', ({ given, want }) => {
    expect(accepted(withHealthcheck(given)).healthcheck.sentinel).toBe(want);
  });

  it('are the same for a stored and an unstored object', () => {
    const stored = withHealthcheck({
      initialDelaySeconds: 10,
      periodSeconds: 10,
      podReadiness: 'Container',
      probes: [
        { mode: 'TCP', tcp: { targetPort: 1 }, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      ],
    });
    expect(accepted(withProbes({ tcp: { targetPort: 1 } })).healthcheck).toEqual(
      accepted(stored).healthcheck,
    );
  });
});

describe('values of the parser', () => {
  it.each([
    {
      name: 'numbers and ranges of codes',
      given: { code: [204, '301', '400-499'] },
      want: {
        codes: [
          { from: 204, to: 204 },
          { from: 301, to: 301 },
          { from: 400, to: 499 },
        ],
      },
    },
    { name: 'a path without a slash', given: { path: 'healthz' }, want: { path: '/healthz' } },
    {
      name: 'a path and query as written',
      given: { path: '//a/../b?c=%20&d' },
      want: { path: '//a/../b?c=%20&d' },
    },
    {
      name: 'a path with line breaks',
      given: { path: '/a\r\nHost: b' },
      want: { path: '/a%0D%0AHost:%20b' },
    },
    { name: 'a path in another script', given: { path: '/ж' }, want: { path: '/%D0%B6' } },
    {
      name: 'a host in another script',
      given: { host: 'пример.рф' },
      want: { host: 'xn--e1afmkfd.xn--p1ai' },
    },
    { name: 'an IP address as host', given: { host: '10.1' }, want: { host: '10.1' } },
    { name: 'the wish not to verify', given: { insecureSkipTLSVerify: true }, want: { verifyTls: false } },
    {
      name: 'the Secret of a client certificate',
      given: { scheme: 'HTTPS', clientCertSecretName: 'client' },
      want: { clientCertSecretName: 'client' },
    },
    {
      name: 'the version and the connection',
      given: { version: 'HTTP2', connection: 'Kept' },
      want: { version: 'HTTP2', connection: 'Kept' },
    },
    { name: 'a CA certificate', given: { scheme: 'HTTPS', caCert: CA_CERT }, want: { caCert: CA_CERT } },
  ])('keep $name', ({ given, want }) => {
    expect(accepted(withHttp(given)).healthcheck.probes).toMatchObject([want]);
  });

  it.each([
    { name: 'an empty block', given: {}, want: { verifies: true } },
    {
      name: 'empty texts',
      given: { serverName: '', caCert: '', clientCertSecretName: '' },
      want: { verifies: true },
    },
    {
      name: 'every setting',
      given: { serverName: 'пример.рф', caCert: CA_CERT, clientCertSecretName: 'client' },
      want: {
        serverName: 'xn--e1afmkfd.xn--p1ai',
        verifies: true,
        caCert: CA_CERT,
        clientCertSecretName: 'client',
      },
    },
    { name: 'the wish not to verify', given: { insecureSkipTLSVerify: true }, want: { verifies: false } },
  ])('read TLS under TCP and gRPC: $name', ({ given, want }) => {
    const object = withProbes(
      { tcp: { targetPort: 1, tls: given } },
      { grpc: { targetPort: 1, tls: given } },
      { tcp: { targetPort: 1 } },
    );
    const result = parseServiceWithHealthchecks(object);
    const probes = result.kind === 'accepted' ? result.swh.healthcheck?.probes : undefined;
    expect(probes?.map((probe) => ('tls' in probe ? probe.tls : undefined))).toEqual([want, want, undefined]);
  });

  it('keep a timeout above the period, up to the longest period', () => {
    const probe = { tcp: { targetPort: 1 } };
    const swh = accepted(
      withProbes({ ...probe, timeoutSeconds: 20 }, { ...probe, timeoutSeconds: 2 ** 31 - 1 }),
    );
    expect(swh.healthcheck.probes.map(({ timeoutMs }) => timeoutMs)).toEqual([20_000, 108_000_000]);
  });

  it('keep the policies', () => {
    const probes = [{ tcp: { targetPort: 1 } }];
    const count = accepted(
      withHealthcheck({
        requirement: { type: 'AtLeast', count: 1 },
        failOpen: { type: 'MinimumReady', minimumReady: 2 },
        probes,
      }),
    );
    expect(count.healthcheck).toMatchObject({
      requirement: { type: 'AtLeast', count: 1 },
      failOpen: { type: 'MinimumReady', minimum: 2 },
    });
    const other = accepted(
      withHealthcheck({ requirement: { type: 'Any' }, failOpen: { type: 'LastKnown' }, probes }),
    );
    expect(other.healthcheck).toMatchObject({
      requirement: { type: 'Any' },
      failOpen: { type: 'LastKnown' },
    });
  });

  it('keep identity and metadata, and leave out what is not text', () => {
    const object = {
      metadata: {
        name: 'web',
        namespace: 'a',
        uid: 'u',
        generation: 3,
        deletionTimestamp: '2026-01-01T00:00:00Z',
        labels: { app: 'web', bad: 1 },
        annotations: { note: 'x' },
      },
      spec: { ports: [{ port: 80 }] },
    };
    expect(accepted(object)).toMatchObject({
      ref: { namespace: 'a', name: 'web' },
      uid: 'u',
      generation: 3,
      isDeleting: true,
      annotations: { note: 'x' },
    });
    expect(accepted(object).labels).toEqual({ app: 'web' });
  });

  it('keep what makes sense of the status', () => {
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: 'R',
      message: 'm',
      lastTransitionTime: 't',
      observedGeneration: 2,
    };
    const status = {
      conditions: [condition, { type: 'X', status: 'maybe' }, null],
      ipFamilies: ['IPv6', 'IPX'],
    };
    expect(accepted({ ...manifest({ ports: [{ port: 80 }] }), status }).observed).toEqual({
      conditions: [condition],
      ipFamilies: ['IPv6'],
    });
  });
});

describe('laws of the parser', () => {
  it('never throws and never changes its input', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue({ maxDepth: 6 }).map((spec) => manifest(spec)),
          mutated(),
          deep(),
        ),
        (object) => {
          const result = parseServiceWithHealthchecks(deepFreeze(object));
          expect(result.kind === 'accepted' || result.violations.length > 0).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('lets only numbers through that timers and sockets can take', () => {
    fc.assert(
      fc.property(mutated(), (object) => {
        const result = parseServiceWithHealthchecks(object);
        if (result.kind === 'rejected') return;
        const { periodMs, fastPeriodMs = 20, probes } = result.swh.healthcheck;
        expect(
          Number.isInteger(periodMs) && periodMs >= 1000 && fastPeriodMs >= 20 && fastPeriodMs < periodMs,
        ).toBe(true);
        for (const { timeoutMs, port, successThreshold, failureThreshold } of probes) {
          expect(Number.isInteger(timeoutMs) && timeoutMs >= 1000 && timeoutMs < 2 ** 31).toBe(true);
          expect(Math.min(successThreshold, failureThreshold)).toBeGreaterThanOrEqual(1);
          expect(typeof port === 'string' || (Number.isInteger(port) && port >= 1 && port <= 65_535)).toBe(
            true,
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function example(name: string): Manifest {
  const text = readFileSync(new URL(`../../../../dev/examples/${name}.yaml`, import.meta.url), 'utf8');
  return parseYaml(text) as Manifest;
}

function inNamespace(object: Manifest): Manifest {
  return { ...object, metadata: { namespace: 'my-ns', ...object.metadata } };
}

function accepted(object: unknown): ServiceWithHealthchecks {
  const result: ParseResult = parseServiceWithHealthchecks(object);
  if (result.kind === 'rejected') throw new Error(`rejected: ${JSON.stringify(result.violations)}`);
  return result.swh;
}

function pathsOf(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ path }) => path);
}

/** An object with a field nested deeper than a stack could follow. */
function deep(): fc.Arbitrary<unknown> {
  const nested = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
  return fc
    .constantFrom('selector', 'ports', 'healthcheck', 'externalIPs', 'other')
    .map((field) => manifest({ [field]: nested }));
}
