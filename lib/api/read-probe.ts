import { domainToASCII } from 'node:url';
import { blockOf, type ProbeBlock } from '#lib/api/probe-block.ts';
import type { GrpcSpec, HttpSpec, PostgresqlSpec, ProbeSpec, TcpSpec, TlsSpec } from '#lib/api/spec.ts';
import { statusRange } from '#lib/api/status-range.ts';
import { assertNever } from '#lib/core/assert-never.ts';
import type {
  GrpcProbe,
  HttpProbe,
  PostgresqlProbe,
  Probe,
  ProbeTls,
  TcpProbe,
} from '#lib/core/probe/probe.ts';

type Common = Pick<Probe, 'timeoutMs' | 'successThreshold' | 'failureThreshold'>;

const DEFAULT_QUERY = 'select 1';
/** The longest period; longer timeouts would not fit the timers of the platform. */
const LONGEST_TIMEOUT_MS = 108_000_000;

/** A probe that holds all rules in the terms of the core; none when it has no block that counts. */
export function readProbe(probe: ProbeSpec): readonly Probe[] {
  const counting = blockOf(probe);
  if (counting === undefined) return [];
  const { successThreshold, failureThreshold } = probe;
  const timeoutMs = Math.min(probe.timeoutSeconds * 1000, LONGEST_TIMEOUT_MS);
  return [readBlock(counting, { timeoutMs, successThreshold, failureThreshold })];
}

function readBlock(counting: ProbeBlock, common: Common): Probe {
  switch (counting.mode) {
    case 'HTTP':
      return readHttp(counting.block, common);
    case 'TCP':
      return readTcp(counting.block, common);
    case 'PostgreSQL':
      return readPostgresql(counting.block, common);
    case 'GRPC':
      return readGrpc(counting.block, common);
    default:
      return assertNever(counting, 'probe block');
  }
}

function readHttp(http: HttpSpec, common: Common): HttpProbe {
  const ranges = (http.code ?? []).map(statusRange).filter((range) => range !== undefined);
  return {
    kind: 'http',
    port: http.targetPort,
    ...common,
    scheme: http.scheme,
    method: http.method,
    path: pathOf(http.path ?? ''),
    ...(http.host && { host: hostOf(http.host) }),
    headers: http.httpHeaders ?? [],
    verifyTls: !http.insecureSkipTLSVerify,
    ...(http.caCert && { caCert: http.caCert }),
    ...(http.clientCertSecretName && { clientCertSecretName: http.clientCertSecretName }),
    version: http.version,
    connection: http.connection,
    ...(ranges.length > 0 && { codes: ranges }),
    ...(http.expectBody && { expectBody: http.expectBody }),
  };
}

function readTcp(tcp: TcpSpec, common: Common): TcpProbe {
  return {
    kind: 'tcp',
    port: tcp.targetPort,
    ...common,
    ...(tcp.send && { send: tcp.send }),
    ...(tcp.expect && { expect: tcp.expect }),
    ...(tcp.tls && { tls: readTls(tcp.tls) }),
  };
}

function readPostgresql(postgresql: PostgresqlSpec, common: Common): PostgresqlProbe {
  return {
    kind: 'postgresql',
    port: postgresql.targetPort,
    ...common,
    ...(postgresql.dbName && { database: postgresql.dbName }),
    query: postgresql.query || DEFAULT_QUERY,
    ...(postgresql.authSecretName && { secretName: postgresql.authSecretName }),
  };
}

function readGrpc(grpc: GrpcSpec, common: Common): GrpcProbe {
  return {
    kind: 'grpc',
    port: grpc.targetPort,
    ...common,
    service: grpc.service ?? '',
    ...(grpc.tls && { tls: readTls(grpc.tls) }),
  };
}

function readTls({ serverName, insecureSkipTLSVerify, caCert, clientCertSecretName }: TlsSpec): ProbeTls {
  return {
    ...(serverName && { serverName: hostOf(serverName) }),
    verifies: !insecureSkipTLSVerify,
    ...(caCert && { caCert }),
    ...(clientCertSecretName && { clientCertSecretName }),
  };
}

/** As written, except for a missing slash and characters that must not stand in a request line. */
function pathOf(path: string): string {
  const rooted = path.startsWith('/') ? path : `/${path}`;
  return rooted.replace(/[^!-~]+/g, encodeURIComponent);
}

/** Names in other scripts travel in their ASCII form; what is ASCII is left alone. */
function hostOf(host: string): string {
  return /^[!-~]*$/.test(host) ? host : domainToASCII(host);
}
