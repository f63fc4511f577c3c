import { error, type Finding } from '#lib/api/finding.ts';

const SERVICE_NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const LONGEST_NAME = 63;

/** The name must do for a Service (RFC 1035 label), because the child Service gets it. */
export function checkServiceName(name: string): readonly Finding[] {
  if (name.length <= LONGEST_NAME && SERVICE_NAME.test(name)) return [];
  return [
    error(
      'metadata.name',
      'metadata.name is the name of the child Service too: write at most 63 lower-case letters, digits and hyphens, a letter first and no hyphen last',
    ),
  ];
}
