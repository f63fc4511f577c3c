import { GRPC_PROBE, GRPC_SERVERS } from './grpc-servers.ts';
import type { HostileServer } from './hostile-server.ts';
import { HTTP_PROBE, HTTP_SERVERS } from './http-servers.ts';
import { http2Servers } from './http2-servers.ts';
import { POSTGRESQL_SERVERS } from './postgresql-servers.ts';
import { TCP_SERVERS } from './tcp-servers.ts';
import { TLS_SERVERS } from './tls-servers.ts';

/** All hostile servers; those that break HTTP/2 meet both of its clients. */
export const HOSTILE_SERVERS: readonly HostileServer[] = [
  ...TCP_SERVERS,
  ...HTTP_SERVERS,
  ...TLS_SERVERS,
  ...http2Servers('http2', { ...HTTP_PROBE, version: 'HTTP2' }),
  ...http2Servers('grpc', GRPC_PROBE),
  ...GRPC_SERVERS,
  ...POSTGRESQL_SERVERS,
];

/** The key of a server: unique in the corpus. */
export function idOf({ protocol, name }: HostileServer): string {
  return `${protocol}: ${name}`;
}
