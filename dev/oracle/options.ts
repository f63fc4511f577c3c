import { parseArgs } from 'node:util';
import { PROBE_MODES, type ProbeMode } from './probe-mode.ts';

export const HELP = `Usage: npm run oracle -- [OPTION ...]

Drives plain Services (real kube-controller-manager) and ServiceWithHealthchecks of the same spec over the same
pods through random histories, and compares all that consumers can learn from both after each step.

  --steps N     steps of all histories together (default 1000)
  --seed N      seed of the first history (default 1); each further one has the next number
  --pairs N     histories under way at once (default 10)
  --length N    steps of one history (default 50)
  --deadline N  seconds in which a step must have settled (default 60)
  --probes M    none, passing or failing (default none); with probes it needs root
  --built       run dist/bin instead of the sources
  --help        this text

Exit status: 0 no difference, 1 differences, 2 wrong options.
`;

export type Options =
  | {
      readonly kind: 'run';
      readonly steps: number;
      readonly seed: number;
      readonly pairs: number;
      readonly stepsPerHistory: number;
      readonly deadlineMs: number;
      readonly mode: ProbeMode;
      readonly programs: 'built' | 'source';
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Reads the command line. Never throws. */
export function parseOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS });
    if (values.help === true) return { kind: 'help' };
    const mode = Object.values(PROBE_MODES).find(({ name }) => name === (values.probes ?? 'none'));
    if (mode === undefined) throw new Error(`--probes takes one of ${Object.keys(PROBE_MODES).join(', ')}`);
    return {
      kind: 'run',
      steps: count('steps', values.steps, 1_000),
      seed: count('seed', values.seed, 1),
      pairs: count('pairs', values.pairs, 10),
      stepsPerHistory: count('length', values.length, 50),
      deadlineMs: count('deadline', values.deadline, 60) * 1_000,
      mode,
      programs: values.built === true ? 'built' : 'source',
    };
  } catch (error) {
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}

const FLAGS = {
  steps: { type: 'string' },
  seed: { type: 'string' },
  pairs: { type: 'string' },
  length: { type: 'string' },
  deadline: { type: 'string' },
  probes: { type: 'string' },
  built: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function count(flag: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${flag} takes a whole number above 0`);
  return value;
}
