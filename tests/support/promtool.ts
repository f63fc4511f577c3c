import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What promtool said, and whether it was content. */
export interface PromtoolResult {
  readonly isGood: boolean;
  readonly output: string;
}

/**
 * Runs promtool in a folder that holds the files given, by name: JSON is YAML too. Debian's package prometheus has it
 * (dev/setup/install-packages.sh).
 */
export async function promtool(
  args: readonly string[],
  files: Readonly<Record<string, unknown>>,
): Promise<PromtoolResult> {
  const folder = mkdtempSync(join(tmpdir(), 'swh-promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(folder, name), JSON.stringify(content));
    }
    return await new Promise((resolve, reject) => {
      execFile('promtool', args, { cwd: folder }, (error, out, err) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ isGood: error === null, output: `${out}${err}` });
      });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
