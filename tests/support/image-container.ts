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

/** Where the service account of a pod is mounted. */
const ACCOUNT_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A container as a kubelet asks its runtime for it. */
export interface ContainerRequest {
  readonly name: string;
  /** Where the image was unpacked. */
  readonly root: string;
  /** As `uid:gid`. */
  readonly user: string;
  /** With the entry point of the image. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this machine, by the path in the container that they are mounted to. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Name of the network namespace; absent: that of this process. */
  readonly netns?: string;
}

/** The parts arrive as arguments; nothing is put into the text of the script. */
const SCRIPT = [
  'set -e; root=$1; user=$2; mounts=$3; shift 3',
  'mount --bind "$root" "$root"',
  'while [ "$mounts" -gt 0 ]; do',
  '  mount --bind "$1" "$root$2"; mount -o remount,bind,ro "$root$2"; shift 2; mounts=$((mounts - 1))',
  'done',
  'mount -o remount,bind,ro "$root"',
  'exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"',
].join('\n');

/**
 * Runs the container as an ordinary user, who can gain no rights, on a root that cannot be written, in which /proc, /dev
 * and /sys are empty. Nothing that is mounted can be written either. The pid is that of the program.
 */
export function startContainer(host: ProcessHost, request: ContainerRequest): Promise<ManagedProcess> {
  const { name, root, user, command, env, mounts, netns } = request;
  const pairs = Object.entries(mounts);
  const places = pairs.flatMap(([target, source]) => [source, target]);
  const inNamespace = ['--mount', '--propagation', 'private'];
  return host.start({
    name,
    command: 'unshare',
    args: [
      ...[...inNamespace, 'sh', '-c', SCRIPT, 'sh'],
      ...[root, user, String(pairs.length), ...places, ...command],
    ],
    env,
    ...(netns !== undefined && { netns }),
  });
}

/** What a pod of the service account finds: the folder to mount, and where the API server is. */
export function accountOf(
  host: ProcessHost,
  name: string,
  { server, ca, token }: ApiAccess,
): Pick<ContainerRequest, 'env' | 'mounts'> {
  const folder = host.directory(`${name}-account`, 0o755);
  for (const [file, content] of Object.entries({ 'ca.crt': ca, token })) {
    writeFileSync(join(folder, file), content);
    chmodSync(join(folder, file), 0o644);
  }
  const { hostname, port } = new URL(server);
  return {
    mounts: { [ACCOUNT_MOUNT]: folder },
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  };
}
