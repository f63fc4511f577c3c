import { parseArgs } from 'node:util';
import { parseReleaseVersion, type ReleaseVersion, wrongVersion } from './release-version.ts';

/** Release channels, from the boldest to the most careful. */
const CHANNELS = ['alpha', 'beta', 'early-access', 'stable', 'rock-solid'] as const;
export type Channel = (typeof CHANNELS)[number];

export const HELP = `Usage: npm run publish -- --registry HOST/PATH [OPTION ...]

Pushes the release that npm run bundle has made, in the order in which Deckhouse may read it: images, bundle, release,
registration, and last the release channels. Repeatable: what is there already is not sent again. A version that is in
the registry with other content is never replaced.

  --registry HOST/PATH  where the modules are; the images go to HOST/PATH/service-with-healthchecks
  --channel CHANNEL     ${CHANNELS.join(', ')}; may be given more than once
  --version VERSION     this version; default: the one in --from. One that is not in --from must have been published
                        before: then only the channels move, forward or back
  --from DIR            where the release is; default: dist/release
  --help                this text

Log in with docker login or any client that writes its file (~/.docker/config.json, or DOCKER_CONFIG).
Exit status: 0 published, 1 something broke, 2 wrong options.
`;

export type PublishOptions =
  | {
      readonly kind: 'run';
      /** Without a slash at the end. */
      readonly registry: string;
      /** In the order of CHANNELS, each once. */
      readonly channels: readonly Channel[];
      readonly version: ReleaseVersion | undefined;
      readonly from: string;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads the command line. Never throws. */
export function parsePublishOptions(args: readonly string[], defaultFrom: string): PublishOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        registry: { type: 'string' },
        channel: { type: 'string', multiple: true, default: [] },
        version: { type: 'string' },
        from: { type: 'string', default: defaultFrom },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    return checked({ ...values, registry: values.registry?.replace(/\/+$/, '') });
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

interface Given {
  readonly registry: string | undefined;
  readonly channel: readonly string[];
  readonly version?: string | undefined;
  readonly from: string;
}

function checked({ registry, channel, version: text, from }: Given): PublishOptions {
  if (registry === undefined) return { kind: 'wrong', message: '--registry is missing' };
  // A reference without a host means Docker Hub to every client; nobody means that here.
  if (!/^[^/]*[.:][^/]*\/.|^localhost\/./.test(registry) || registry.includes('://')) {
    return { kind: 'wrong', message: `--registry ${registry} is no HOST/PATH` };
  }
  const unknown = channel.find((name) => !CHANNELS.some((one) => one === name));
  if (unknown !== undefined) {
    return { kind: 'wrong', message: `no channel ${unknown}; there are ${CHANNELS.join(', ')}` };
  }
  const version = text === undefined ? undefined : parseReleaseVersion(text);
  if (text !== undefined && version === undefined) return { kind: 'wrong', message: wrongVersion(text) };
  const channels = CHANNELS.filter((name) => channel.includes(name));
  return { kind: 'run', registry, channels, version, from };
}
