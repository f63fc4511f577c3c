import { error, type Finding } from '#lib/api/finding.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import { checkSecretName } from '#lib/api/rules/secret-name.ts';
import type { PostgresqlSpec } from '#lib/api/spec.ts';

/** The block of mode PostgreSQL, found at `path`. */
export function checkPostgresqlBlock(path: string, postgresql: PostgresqlSpec): readonly Finding[] {
  return [
    ...checkPortReference(`${path}.targetPort`, postgresql.targetPort),
    ...checkSecretName(`${path}.authSecretName`, postgresql.authSecretName ?? ''),
    ...checkNoNul(`${path}.dbName`, postgresql.dbName),
    ...checkNoNul(`${path}.query`, postgresql.query),
  ];
}

/** A NUL ends a string in PostgreSQL's protocol: what follows it would be read as something else. */
function checkNoNul(path: string, text: string | undefined): readonly Finding[] {
  return text?.includes('\0') === true ? [error(path, 'drop the NUL character')] : [];
}
