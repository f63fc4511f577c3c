import { parseArgs } from 'node:util';
import type { OptionType } from './option-values.ts';

/** One flag of a program and its twin in the environment. The flag wins. An empty variable counts as not set. */
export interface Option<T> {
  readonly type: OptionType<T>;
  readonly env: string;
  /** One line, without a full stop at the end. */
  readonly help: string;
  /** Absent: the option must be given. */
  readonly fallback?: { readonly value: T; readonly shown?: string };
}

/** Options by the name of their flag, without the dashes. */
export type OptionSet = Readonly<Record<string, Option<unknown>>>;

export type OptionValues<Set extends OptionSet> = {
  readonly [Name in keyof Set]: Set[Name] extends Option<infer T> ? T : never;
};

export interface Program<Set extends OptionSet> {
  readonly name: string;
  readonly version: string;
  /** What the program does, in one line. */
  readonly summary: string;
  readonly options: Set;
}

/** What the command line asks for. */
export type CommandLine<Set extends OptionSet> =
  | { readonly kind: 'run'; readonly values: OptionValues<Set> }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'wrong'; readonly problem: string };

/** Wrong use, as for most command-line programs. */
const EXIT_USAGE = 2;

/** The options of this process. For help, version or a wrong option it prints and ends the process. */
export function readOptions<Set extends OptionSet>(program: Program<Set>): OptionValues<Set> {
  const line = parseCommandLine(program, process.argv.slice(2), process.env);
  switch (line.kind) {
    case 'run':
      return line.values;
    case 'print':
      process.stdout.write(`${line.text}\n`);
      return process.exit(0);
    case 'wrong':
      process.stderr.write(`${program.name}: ${line.problem} (see --help)\n`);
      return process.exit(EXIT_USAGE);
  }
}

/** Reads flags and environment. Names the first thing that is wrong; values of unknown flags are not repeated. */
export function parseCommandLine<Set extends OptionSet>(
  program: Program<Set>,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandLine<Set> {
  const flags = readFlags(program.options, args);
  if ('problem' in flags) return { kind: 'wrong', problem: flags.problem };
  if (flags.given['help'] !== undefined) return { kind: 'print', text: helpOf(program) };
  if (flags.given['version'] !== undefined)
    return { kind: 'print', text: `${program.name} ${program.version}` };
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(program.options)) {
    const result = resolveOption(name, option, flags.given[name], env[option.env]);
    if ('problem' in result) return { kind: 'wrong', problem: result.problem };
    values[name] = result.value;
  }
  // Each value comes from the parser of its own option.
  return { kind: 'run', values: values as OptionValues<Set> };
}

type Flags = Readonly<Record<string, string | undefined>>;
type Problem = { readonly problem: string };

function readFlags(options: OptionSet, args: readonly string[]): { readonly given: Flags } | Problem {
  const known = Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...known, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
    strict: false,
    tokens: true,
  });
  const given: Record<string, string | undefined> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') return { problem: 'only flags are understood, no arguments' };
    const { name, rawName, value } = token;
    const isBare = name === 'help' || name === 'version';
    if (!isBare && !Object.hasOwn(options, name)) return { problem: `unknown flag ${rawName}` };
    if (isBare && value !== undefined) return { problem: `${rawName} takes no value` };
    if (!isBare && value === undefined) return { problem: `${rawName} needs a value` };
    given[name] = value ?? '';
  }
  return { given };
}

function resolveOption(
  name: string,
  option: Option<unknown>,
  flag: string | undefined,
  variable: string | undefined,
): { readonly value: unknown } | Problem {
  const isFromFlag = flag !== undefined;
  const given = isFromFlag ? flag : variable;
  if (given === undefined || (given === '' && !isFromFlag)) {
    if (option.fallback !== undefined) return { value: option.fallback.value };
    return { problem: `--${name} (or ${option.env}) is missing` };
  }
  const parsed = option.type.parse(given);
  if (parsed.ok) return { value: parsed.value };
  return { problem: `${isFromFlag ? `--${name}` : option.env} ${parsed.problem}: ${JSON.stringify(given)}` };
}

function helpOf({ name, summary, options }: Program<OptionSet>): string {
  const rows = Object.entries(options).map(([flag, { type, env, help, fallback }]) => [
    `--${flag} ${type.placeholder}`,
    env,
    fallback === undefined ? `${help} (required)` : `${help}${shownDefault(fallback)}`,
  ]);
  const all = [
    ['Flag', 'Environment', ''],
    ...rows,
    ['--help', '', 'Show this text'],
    ['--version', '', 'Show the version'],
  ];
  const width = (column: number) => Math.max(...all.map((row) => row[column]?.length ?? 0)) + 2;
  const widths = [width(0), width(1)];
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('')
      .trimEnd(),
  );
  return [`${name}: ${summary}`, '', `Usage: ${name} [FLAG]...`, '', ...lines].join('\n');
}

function shownDefault({ value, shown }: { readonly value: unknown; readonly shown?: string }): string {
  const text = shown ?? (value === undefined ? '' : String(value));
  return text === '' ? '' : ` (default: ${text})`;
}
