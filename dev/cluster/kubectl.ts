import { execFile } from 'node:child_process';
import { providePrograms } from '../toolchain/toolchain.ts';

/**
 * Runs the pinned kubectl with a kubeconfig and returns its standard output; `input` is its standard input.
 * Rejects with what kubectl says when it fails.
 */
export async function kubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<string> {
  const { kubectl: program } = await providePrograms(['kubectl']);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const all = [`--kubeconfig=${kubeconfig}`, ...args];
  const child = execFile(program, all, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}
