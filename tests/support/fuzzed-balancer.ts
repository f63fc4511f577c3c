import type { Random } from '#lib/runtime/random.ts';
import { chance, oneOf, wholeNumber } from '../../dev/oracle/random.ts';

/** Places that a probe must never be led to, as hosts of URLs. */
export type Baits = readonly string[];

/** A port as an object names it. */
export type FuzzedPort = number | 'web' | 'admin';

/** One random ServiceWithHealthchecks with what matters about it. */
export interface FuzzedBalancer {
  readonly name: string;
  readonly manifest: object;
  readonly selector: { readonly app: string };
  readonly ports: readonly FuzzedPort[];
}

export interface FuzzedWorld {
  readonly name: string;
  readonly app: string;
  /** What numbers a probe may name beside those that pods declare. */
  readonly undeclaredPort: number;
  readonly baits: Baits;
}

/** A valid object whose probes name ports, hosts, headers and redirects at random. */
export function fuzzedBalancer(random: Random, world: FuzzedWorld): FuzzedBalancer {
  const { name, app, undeclaredPort, baits } = world;
  const ports = Array.from({ length: wholeNumber(random, 1, 3) }, () =>
    oneOf<FuzzedPort>(random, [8080, 9090, undeclaredPort, 'web', 'admin']),
  );
  const probes = ports.map((targetPort) => fuzzedProbe(random, targetPort, baits));
  const selector = { app };
  const manifest = {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: {
      ...{ selector, ports: [{ port: 80, targetPort: 8080 }] },
      ipFamilyPolicy: oneOf(random, ['SingleStack', 'PreferDualStack']),
      // Addresses of others, at which this must not look.
      ...(chance(random, 0.2) && { externalIPs: ['192.0.2.7'] }),
      healthcheck: {
        ...{ initialDelaySeconds: 0, periodSeconds: 1, probes },
        ...(chance(random, 0.3) && { fastPeriodMilliseconds: 100 }),
        sentinel: chance(random, 0.5),
      },
    },
  };
  return { name, manifest, selector, ports };
}

function fuzzedProbe(random: Random, targetPort: FuzzedPort, baits: Baits): object {
  const bait = oneOf(random, baits);
  const tls = { serverName: 'metadata.google.internal', insecureSkipTLSVerify: true };
  switch (oneOf(random, ['HTTP', 'HTTP', 'HTTP', 'HTTP', 'TCP', 'GRPC', 'PostgreSQL'])) {
    case 'TCP':
      return {
        mode: 'TCP',
        tcp: {
          targetPort,
          ...(chance(random, 0.5) && { send: `GET http://${bait}/ HTTP/1.0\r\n\r\n`, expect: 'ok' }),
          ...(chance(random, 0.3) && { tls }),
        },
      };
    case 'GRPC':
      return {
        mode: 'GRPC',
        grpc: {
          targetPort,
          ...(chance(random, 0.5) && { service: bait }),
          ...(chance(random, 0.3) && { tls }),
        },
      };
    case 'PostgreSQL':
      return { mode: 'PostgreSQL', postgreSQL: { targetPort, dbName: 'db', authSecretName: 'credentials' } };
    default:
      return { mode: 'HTTP', http: fuzzedHttp(random, targetPort, bait) };
  }
}

function fuzzedHttp(random: Random, targetPort: FuzzedPort, bait: string): object {
  const scheme = oneOf(random, ['http:', 'https:', '']);
  const location = `${scheme}//${bait}/healthz`;
  const path = oneOf(random, [
    '/',
    `/to?${encodeURIComponent(location)}`,
    `/to?${encodeURIComponent(location)}`,
  ]);
  // A name without its port.
  const host = bait.startsWith('[') ? undefined : bait.split(':')[0];
  return {
    ...{ targetPort, path, method: oneOf(random, ['GET', 'HEAD']) },
    ...(host !== undefined && chance(random, 0.5) && { host }),
    ...(chance(random, 0.3) && { httpHeaders: [{ name: 'Host', value: bait }] }),
    ...(chance(random, 0.2) && { scheme: 'HTTPS', insecureSkipTLSVerify: true }),
    ...(chance(random, 0.3) && { connection: 'Kept' }),
    ...(chance(random, 0.2) && { version: 'HTTP2' }),
  };
}
