import { existsSync, readdirSync, readFileSync } from 'node:fs';

const INSTALLED = '/usr/lib/postgresql';

/** Directory of the newest PostgreSQL that Debian's packages have installed. Throws when there is none. */
export function postgresqlBinaries(): string {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).map(Number) : [];
  const newest = versions
    .filter((version) => existsSync(`${INSTALLED}/${version}/bin/initdb`))
    .toSorted((a, b) => b - a)[0];
  if (newest === undefined) {
    throw new Error(`no PostgreSQL under ${INSTALLED}: install the Debian package postgresql`);
  }
  return `${INSTALLED}/${newest}/bin`;
}

/** Whom the servers run as: they refuse to run as root. */
export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user `postgres` where the machine has one, else `nobody`. Throws when it has neither. */
export function postgresqlUser(): UnprivilegedUser {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = ['postgres', 'nobody'].flatMap(
    (name) => accounts.find((fields) => fields[0] === name) ?? [],
  );
  const [uid, gid] = [Number(account[2]), Number(account[3])];
  if (!Number.isInteger(uid) || !Number.isInteger(gid)) {
    throw new Error('neither user postgres nor user nobody in /etc/passwd to run PostgreSQL as');
  }
  return { uid, gid };
}
