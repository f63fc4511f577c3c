import { error, type Finding } from '#lib/api/finding.ts';

const HIGHEST_PORT = 65_535;
const LONGEST_NAME = 15;
/** IANA service name, as Kubernetes demands of the name of a container port. */
const PORT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** A port by number, or by the name of a container port. */
export function checkPortReference(path: string, port: number | string): readonly Finding[] {
  if (typeof port === 'number') {
    if (port >= 1 && port <= HIGHEST_PORT) return [];
    return [error(path, 'write a port number from 1 to 65535, or the name of a container port')];
  }
  if (isPortName(port)) return [];
  return [
    error(
      path,
      'write a port number without quotes, or the name of a container port (at most 15 lower-case letters, digits and single hyphens, with at least one letter)',
    ),
  ];
}

function isPortName(name: string): boolean {
  return name.length <= LONGEST_NAME && PORT_NAME.test(name) && /[a-z]/.test(name) && !name.includes('--');
}
