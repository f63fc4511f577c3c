import { parseArgs } from 'node:util';
import { parseReleaseVersion, type ReleaseVersion, wrongVersion } from './release-version.ts';

export const HELP = `Usage: npm run bundle [-- OPTION ...]

Builds the product and makes the OCI images of a module release, without a container engine:

  images/agent, images/controller   what runs in the cluster
  images/bundle                     the module's folder, as Deckhouse unpacks it
  images/release                    what a release channel names
  images/registration               makes the module known to a ModuleSource
  sbom.cdx.json, release.json       bill of materials; version and digests

Equal input (work tree, npm packages, Go, Debian's libraries) gives equal digests. Next: npm run publish.

  --version VERSION  version of the release, as v1.2.3; default: that of package.json
  --out DIR          where to put it; default: dist/release
  --help             this text

Exit status: 0 made, 1 something broke, 2 wrong options.
`;

export type BundleOptions =
  | { readonly kind: 'run'; readonly version: ReleaseVersion; readonly out: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** What holds for options that are not given. */
export interface BundleDefaults {
  /** Without the leading `v`. */
  readonly version: string;
  readonly out: string;
}

/** Reads the command line. Never throws. */
export function parseBundleOptions(args: readonly string[], defaults: BundleDefaults): BundleOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        version: { type: 'string', default: `v${defaults.version}` },
        out: { type: 'string', default: defaults.out },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const version = parseReleaseVersion(values.version);
    if (version === undefined) return { kind: 'wrong', message: wrongVersion(values.version) };
    return { kind: 'run', version, out: values.out };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
