import type { Metafile } from 'esbuild';

/** The places in the lock file of the packages that have at least one byte in a bundle. */
export function bundledPackages(metafiles: readonly Metafile[]): readonly string[] {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.entries(output.inputs)),
  );
  const paths = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  return [...new Set(paths.flatMap(packageOf))].toSorted();
}

/** `…/node_modules/a/node_modules/@b/c/x.js` belongs to `node_modules/a/node_modules/@b/c`. */
function packageOf(path: string): readonly string[] {
  return /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.slice(0, 1) ?? [];
}
