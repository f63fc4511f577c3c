import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { providePrograms } from '../toolchain/toolchain.ts';

/** Where a Helm works: the cluster, and a directory that nothing else uses for what it keeps on disk. */
export interface HelmPlace {
  readonly kubeconfig: string;
  readonly directory: string;
}

/** Runs the pinned helm and returns its standard output. Rejects with what helm says when it fails. */
export async function helm({ kubeconfig, directory }: HelmPlace, args: readonly string[]): Promise<string> {
  const { helm: program } = await providePrograms(['helm']);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Nothing of the person's own Helm, whose repositories and plugins are none of ours.
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(directory, 'cache'),
    HELM_CONFIG_HOME: join(directory, 'config'),
    HELM_DATA_HOME: join(directory, 'data'),
  };
  execFile(program, [...args], { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`helm ${args.join(' ')}: ${stderr.trim()}`, { cause: error }));
  });
  return promise;
}
