import { execFile } from 'node:child_process';
import { providePrograms } from '../toolchain/toolchain.ts';
import type { Digest } from './oci-image.ts';
import { explainRegistryError } from './registry-error.ts';

/** The registry client. References are `HOST/REPOSITORY:TAG`; a failure is an Error that says what to do. */
export interface Crane {
  /** Digest of what the reference names; `undefined` when nothing has that name. */
  digest(reference: string): Promise<Digest | undefined>;
  /** Stores the image of an OCI layout under the reference; what the registry already has is not sent again. */
  push(layout: string, reference: string): Promise<void>;
  /** Gives the image a further tag in its repository, taking the tag from another image if need be. */
  tag(reference: string, tag: string): Promise<void>;
}

interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the client ready. Credentials are those of `docker login`: `DOCKER_CONFIG` or `~/.docker`. */
export async function provideCrane(env: NodeJS.ProcessEnv = process.env): Promise<Crane> {
  const { crane } = await providePrograms(['crane']);
  const run = (...args: readonly string[]): Promise<Outcome> => execute(crane, args, env);
  const must = async (reference: string, ...args: readonly string[]): Promise<void> => {
    const { ok, stderr } = await run(...args);
    if (!ok) throw new Error(explainRegistryError(reference, stderr));
  };
  return {
    async digest(reference) {
      const { ok, stdout, stderr } = await run('digest', reference);
      // crane prints nothing else on standard output.
      if (ok) return stdout.trim() as Digest;
      if (/MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND|404 Not Found/.test(lastLine(stderr))) return undefined;
      throw new Error(explainRegistryError(reference, stderr));
    },
    push: (layout, reference) => must(reference, 'push', layout, reference),
    tag: (reference, tag) => must(reference, 'tag', reference, tag),
  };
}

function execute(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { env, maxBuffer: 16 << 20 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, stdout, stderr: stderr || (error?.message ?? '') }),
    );
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
