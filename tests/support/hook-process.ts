import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HookProcess } from '#lib/hook/hook-process.ts';

export interface HookRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Documents in the patch file. */
  readonly operations: readonly unknown[];
}

/** Runs a host as an operator would: files in, files out, nothing else. */
export function runHookProgram(
  host: (process: HookProcess) => number,
  args: readonly string[],
  files: Readonly<Record<string, unknown>> = {},
): HookRun {
  const directory = mkdtempSync(join(tmpdir(), 'hook-'));
  try {
    const env: Record<string, string> = { KUBERNETES_PATCH_PATH: join(directory, 'patch') };
    writeFileSync(join(directory, 'patch'), '');
    for (const [variable, content] of Object.entries(files)) {
      env[variable] = join(directory, variable);
      writeFileSync(join(directory, variable), JSON.stringify(content));
    }
    const written = { stdout: '', stderr: '' };
    const exitCode = host({
      args,
      env,
      stdout: (text) => {
        written.stdout += text;
      },
      stderr: (text) => {
        written.stderr += text;
      },
    });
    const lines = readFileSync(join(directory, 'patch'), 'utf8').split('\n').filter(Boolean);
    return { exitCode, ...written, operations: lines.map((line) => JSON.parse(line)) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A context of a grouped binding, the only kind that the hooks ask for. */
export function groupContext(snapshots: Readonly<Record<string, readonly unknown[]>>): unknown {
  const items = Object.entries(snapshots).map(([name, objects]) => [
    name,
    objects.map((object) => ({ object })),
  ]);
  return [
    { binding: 'onStartup' },
    { binding: 'first', type: 'Group', groupName: 'main', snapshots: Object.fromEntries(items) },
  ];
}
