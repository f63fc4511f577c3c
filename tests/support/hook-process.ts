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
  /** Documents in the metrics file. */
  readonly metrics: readonly unknown[];
}

/** The time at which hooks run in tests. */
export const HOOK_NOW = new Date('2026-01-01T00:00:00Z');

/** Runs a host as an operator would: files in, files out, nothing else. */
export function runHookProgram(
  host: (process: HookProcess) => number,
  args: readonly string[],
  files: Readonly<Record<string, unknown>> = {},
): HookRun {
  const directory = mkdtempSync(join(tmpdir(), 'hook-'));
  try {
    const outputs = {
      KUBERNETES_PATCH_PATH: join(directory, 'patch'),
      METRICS_PATH: join(directory, 'metrics'),
    };
    const env: Record<string, string> = { ...outputs };
    for (const output of Object.values(outputs)) writeFileSync(output, '');
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
      now: () => HOOK_NOW,
    });
    const documents = (path: string) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    return {
      exitCode,
      ...written,
      operations: documents(outputs.KUBERNETES_PATCH_PATH),
      metrics: documents(outputs.METRICS_PATH),
    };
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
