import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const FIELDS = ['Package', 'Version', 'Architecture', 'source:Package'] as const;

/** A file of the runtime, and the Debian package that it was taken from. */
export interface DebianFile {
  readonly file: string;
  /** Missing on machines without dpkg. */
  readonly debian?: {
    readonly package: string;
    readonly version: string;
    readonly architecture: string;
    /** The source package, for example `glibc`. */
    readonly source: string;
  };
}

/** Which package `path` belongs to; `file` is the name that the copy gets. */
export async function debianOrigin(path: string, file: string): Promise<DebianFile> {
  // Packages from before the merge of /lib into /usr/lib name the old place.
  for (const known of [path, path.replace(/^\/usr\/lib/, '/lib')]) {
    const found = await query(['-S', known]);
    const name = /^([^,\s]+):\s/.exec(found ?? '')?.[1];
    if (name === undefined) continue;
    const format = FIELDS.map((field) => `\${${field}}`).join(' ');
    const [pkg, version, architecture, source] = (await query(['-W', '-f', format, name]))?.split(' ') ?? [];
    if (!pkg || !version || !architecture || !source) continue;
    return { file, debian: { package: pkg, version, architecture, source } };
  }
  return { file };
}

async function query(args: readonly string[]): Promise<string | undefined> {
  return run('dpkg-query', args).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}
