import type { Probe } from '#lib/core/probe/probe.ts';

/** Name of the Secret that the probe cannot be run without; undefined when it needs none. */
export function secretNameOf(probe: Probe): string | undefined {
  switch (probe.kind) {
    case 'postgresql':
      return probe.secretName;
    case 'http':
      return probe.scheme === 'HTTPS' ? probe.clientCertSecretName : undefined;
    case 'tcp':
    case 'grpc':
      return probe.tls?.clientCertSecretName;
  }
}

/** Whether runs of the probe leave a session or connection open for the next one. */
export function holdsConnection(probe: Probe): boolean {
  return probe.kind === 'postgresql' || (probe.kind === 'http' && probe.connection === 'Kept');
}

/**
 * Whether an idle connection beside the runs tells anything. A PostgreSQL session does the same, and a connection
 * that never logs in would hold a place in the server and end in its log.
 */
export function takesSentinel(probe: Probe): boolean {
  return probe.kind !== 'postgresql';
}

/**
 * Whether a run may start beside another one of the same probe. Not where a session is shared: each further run
 * would log in, and a database that is slow for being overloaded would get logins instead of rest.
 */
export function mayOverlap(probe: Probe): boolean {
  return probe.kind !== 'postgresql';
}
