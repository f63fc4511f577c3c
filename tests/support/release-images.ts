import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../dev/build/layout.ts';
import type { Digest } from '../../dev/release/oci-image.ts';
import { providePrograms } from '../../dev/toolchain/toolchain.ts';

/** How a command of the release ended. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run bundle` or `npm run publish` as npm would, in another place and time zone if asked. */
export function releaseCommand(
  command: 'bundle' | 'publish',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const file = `${ROOT}/dev/release/${command}-main.ts`;
  return new Promise((resolve) => {
    const options = { cwd: '/', env: { ...process.env, ...env }, maxBuffer: 16 << 20 };
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) => {
      const status = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
      resolve({ status, stdout, stderr });
    });
  });
}

/** A view of what a registry holds, through its ordinary client. */
export class RegistryView {
  readonly #crane: string;

  private constructor(crane: string) {
    this.#crane = crane;
  }

  static async open(): Promise<RegistryView> {
    return new RegistryView((await providePrograms(['crane'])).crane);
  }

  async tags(repository: string): Promise<readonly string[]> {
    return (await this.#run('ls', repository)).trim().split('\n').toSorted();
  }

  /** Rejects when nothing has that name. */
  async digest(reference: string): Promise<Digest> {
    // crane prints nothing else.
    return (await this.#run('digest', reference)).trim() as Digest;
  }

  /** A document of the image: its manifest or its config. */
  async document<T>(kind: 'manifest' | 'config', reference: string): Promise<T> {
    // The caller names the part of the OCI document that it reads.
    return JSON.parse(await this.#run(kind, reference)) as T;
  }

  /** Checks every blob of the image against its digest and size. */
  async validate(reference: string): Promise<void> {
    await this.#run('validate', '--remote', reference);
  }

  /** Unpacks the image into `folder` as a container runtime does, and returns the paths in it. */
  async unpack(reference: string, folder: string): Promise<readonly string[]> {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const source = spawn(this.#crane, ['export', reference, '-'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const sink = spawn('tar', ['-x', '-C', folder], { stdio: [source.stdout, 'inherit', 'inherit'] });
    const [status] = await once(sink, 'exit');
    if (status !== 0) throw new Error(`unpack ${reference}: tar ended with ${status}`);
    return pathsIn(folder);
  }

  async #run(...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)(this.#crane, args, { maxBuffer: 16 << 20 })).stdout;
  }
}

/** All files below a folder, and folders without files with a slash at the end; ordered. */
export function pathsIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isDirectory()) return [path.slice(folder.length + 1)];
      return readdirSync(path).length === 0 ? [`${path.slice(folder.length + 1)}/`] : [];
    })
    .toSorted();
}
