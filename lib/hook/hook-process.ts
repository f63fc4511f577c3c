import { readFileSync, writeFileSync } from 'node:fs';

/** What a hook program sees of its process; all of it is given, so that a test can stand in for an operator. */
export interface HookProcess {
  /** Arguments without the program itself. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes once, to be called with whole lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  now(): Date;
}

/** The JSON in the file that a variable names. Throws when the variable is missing or the file is not JSON. */
export function readJson(program: HookProcess, variable: string): unknown {
  const path = pathIn(program, variable);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`read ${variable} ${path}: ${textOf(cause)}`, { cause });
  }
}

/** Appends values to the file that a variable names, one compact JSON document a line. */
export function writeJsonLines(program: HookProcess, variable: string, values: readonly unknown[]): void {
  if (values.length === 0) return;
  const text = values.map((value) => `${JSON.stringify(value)}\n`).join('');
  writeFileSync(pathIn(program, variable), text, { flag: 'a' });
}

/** The message of whatever was thrown. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function pathIn(program: HookProcess, variable: string): string {
  const path = program.env[variable];
  if (path === undefined || path === '') throw new Error(`set ${variable}: the operator names a file in it`);
  return path;
}
