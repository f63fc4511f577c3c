import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiAccess } from '../../dev/cluster/kubeconfig.ts';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';

/** How an image wants to be run; the part of its OCI config that a kubelet obeys. */
export interface ImageConfig {
  readonly config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly WorkingDir: string;
    readonly Env?: readonly string[];
  };
}

/** What a kubelet adds to an image. */
export interface ContainerSpec {
  readonly name: string;
  /** Where the image was unpacked. */
  readonly root: string;
  readonly image: ImageConfig;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Server and token of the pod's service account. */
  readonly access: ApiAccess;
}

/**
 * Runs the image with its own entry point and user on a root that cannot be written, in which /proc, /dev and /sys
 * are empty. The service account is mounted as in a pod. The pid is that of the program.
 */
export function startContainer(host: ProcessHost, spec: ContainerSpec): Promise<ManagedProcess> {
  const { name, root, image, args, env, access } = spec;
  const account = host.directory(`${name}-account`, 0o755);
  writeAccount(account, access);
  // The parts arrive as arguments; nothing is put into the text of the script.
  const script = [
    'set -e; root=$1; account=$2; user=$3; shift 3',
    'mount --bind "$root" "$root"',
    'mount --bind "$account" "$root/var/run/secrets/kubernetes.io/serviceaccount"',
    'mount -o remount,bind,ro "$root"',
    'exec chroot --userspec="$user" --groups= "$root" "$@"',
  ].join('\n');
  const command = [...image.config.Entrypoint, ...args];
  const { hostname, port } = new URL(access.server);
  return host.start({
    name,
    command: 'unshare',
    args: [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      root,
      account,
      image.config.User,
      ...command,
    ],
    env: { ...env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  });
}

function writeAccount(folder: string, { ca, token }: ApiAccess): void {
  for (const [file, content] of Object.entries({ 'ca.crt': ca, token })) {
    writeFileSync(join(folder, file), content);
    chmodSync(join(folder, file), 0o644);
  }
}
