import { error, type Finding } from '#lib/api/finding.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import type { PostgresqlSpec } from '#lib/api/spec.ts';

/** DNS subdomain: the name of a Secret. */
const SECRET_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** The block of mode PostgreSQL, found at `path`. */
export function checkPostgresqlBlock(path: string, postgresql: PostgresqlSpec): readonly Finding[] {
  const secretName = postgresql.authSecretName ?? '';
  return [
    ...checkPortReference(`${path}.targetPort`, postgresql.targetPort),
    ...(secretName === '' || SECRET_NAME.test(secretName)
      ? []
      : [
          error(
            `${path}.authSecretName`,
            'write the name of a Secret of the same namespace, without the namespace',
          ),
        ]),
    ...checkNoNul(`${path}.dbName`, postgresql.dbName),
    ...checkNoNul(`${path}.query`, postgresql.query),
  ];
}

/** A NUL ends a string in PostgreSQL's protocol: what follows it would be read as something else. */
function checkNoNul(path: string, text: string | undefined): readonly Finding[] {
  return text?.includes('\0') === true ? [error(path, 'drop the NUL character')] : [];
}
