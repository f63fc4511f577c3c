import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run demo [-- OPTION ...]

Brings up a real control plane with three nodes, starts the controller and the agents on it, applies the
manifests of dev/examples, and shows where requests land while a web server is killed, a database fails over
and a side container becomes unready. Ends with a table of what was promised and measured. Needs root (network
namespaces) and takes about a minute and a half; the first run builds Kubernetes, which takes about ten more.

  --keep      leave the cluster running afterwards, until Ctrl-C
  --plain     plain lines, as without a terminal
  --help      this text

Exit status: 0 all expectations held, 1 one did not or something broke, 2 wrong options.
Environment: NO_COLOR switches colours off.
`;

export type DemoOptions =
  | { readonly kind: 'run'; readonly keep: boolean; readonly plain: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads the command line. Never throws. */
export function parseOptions(args: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        keep: { type: 'boolean' },
        plain: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    return { kind: 'run', keep: values.keep === true, plain: values.plain === true };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
