import { createHash } from 'node:crypto';

/** Everything that decides what a build gives. */
export interface BuildInputs {
  /** Content of go.mod, go.sum and the sources beside them, by file name. */
  readonly files: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** Output of `go env GOVERSION GOOS GOARCH`. */
  readonly goVersion: string;
}

/** Twelve hexadecimal digits, equal exactly for equal inputs; the order of the files does not matter. */
export function cacheKey({ files, flags, goVersion }: BuildInputs): string {
  const byName = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([byName, flags, goVersion]))
    .digest('hex')
    .slice(0, 12);
}
