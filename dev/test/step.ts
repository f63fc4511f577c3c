import { spawn } from 'node:child_process';

/** A command that must succeed before the suites run. */
export interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Runs the step with its output shown; whether it succeeded. */
export async function runStep(step: Step): Promise<boolean> {
  const start = performance.now();
  const status = await exitStatus(step.command, step.args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`step ${step.name}: ${status === 0 ? 'ok' : `failed with status ${status}`}, ${seconds} s`);
  return status === 0;
}

/** Runs a command with its output shown and returns its exit status; a signal counts as 1. `env` is added to ours. */
export function exitStatus(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
