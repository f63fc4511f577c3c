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
