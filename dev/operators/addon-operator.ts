import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ApiError } from '../cluster/api-client.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { pickFreePort } from '../cluster/free-port.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { type ModuleImages, unpackModule } from './module-folder.ts';

const MODULE = 'service-with-healthchecks';
const SECTION = 'serviceWithHealthchecks';
/** The operator's own namespace, where its releases lie. */
const OPERATOR_NAMESPACE = 'ao-system';

/** Where an operator runs its hooks: `chroot` as Deckhouse does, with nothing but the module's folder and `/tmp`. */
export type HookRoot = 'host' | 'chroot';

export interface AddonOperatorOptions {
  readonly name: string;
  readonly root: HookRoot;
  /** More of the global values. */
  readonly global?: Readonly<Record<string, unknown>>;
  /** Puts the module into its folder. Default: what was built, with images that are nowhere. */
  readonly install?: (folder: string) => Promise<ModuleImages>;
  /** A folder of hooks in place of the module's own. */
  readonly hooks?: string;
}

/** A real addon-operator with the module in its folder. It stops with its `ProcessHost`. */
export interface AddonOperator {
  readonly process: ManagedProcess;
  /** Switches the module on with these settings, or off. */
  configure(settings: Readonly<Record<string, unknown>> | 'off'): Promise<void>;
  /** Waits until the operator has the release of the module, or has it no longer. */
  waitForRelease(state: 'deployed' | 'gone', deadlineMs?: number): Promise<void>;
  /** JSON of a route of its debug socket, such as `/module/list.json`. */
  debug(path: string): Promise<unknown>;
  /** Metrics of hooks. */
  hookMetrics(): Promise<string>;
  /** Everything that it has logged so far and that contains the text, as lines. */
  logLines(part: string): readonly string[];
}

/** Starts it and waits until it has done everything that it finds to do. The module is off until `configure`. */
export async function startAddonOperator(
  host: ProcessHost,
  controlPlane: ControlPlane,
  { name, root, hooks, ...module }: AddonOperatorOptions,
): Promise<AddonOperator> {
  const { 'addon-operator': command } = await providePrograms(['addon-operator']);
  const home = host.directory(name, 0o755);
  const folders = await layOut(home, module);
  if (hooks !== undefined) replaceFolder(join(folders.module, 'hooks'), hooks);
  await prepareNamespace(controlPlane);
  const port = await pickFreePort('127.0.0.1');
  const socket = join(home, 'debug.sock');
  const isChroot = root === 'chroot';
  const chrootFlags = isChroot ? ['--shell-chroot-dir', folders.chroot] : [];
  const args = [command, 'start', ...flagsOf(controlPlane, folders, port), ...chrootFlags];
  const env = {
    KUBECONFIG: controlPlane.adminKubeconfig,
    KUBE_CONFIG: controlPlane.adminKubeconfig,
    DEBUG_UNIX_SOCKET: socket,
  };
  const [first = command, ...rest] = isChroot ? inChroot(folders, args) : args;
  const process = await host.start({ name, command: first, args: rest, env });
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  await waitFor(
    `${name} to start (log ${process.logFile})`,
    async () => {
      if (!process.isRunning()) throw new GiveUpError(`${name} ended at start:\n${process.logTail(20)}`);
      return (await get('/status/converge')).includes('STARTUP_CONVERGE_DONE') ? true : undefined;
    },
    { deadlineMs: 60_000 },
  );
  return {
    process,
    configure: (settings) => writeSettings(controlPlane, settings),
    waitForRelease: (state, deadlineMs = 60_000) => waitForRelease(controlPlane, process, state, deadlineMs),
    debug: async (path) => JSON.parse(await overSocket(socket, path)),
    hookMetrics: () => get('/metrics/hooks'),
    logLines: (part) =>
      process
        .logTail(1_000_000)
        .split('\n')
        .filter((line) => line.includes(part)),
  };
}

interface Folders {
  readonly modules: string;
  readonly module: string;
  readonly globalHooks: string;
  readonly temporary: string;
  readonly chroot: string;
}

async function layOut(
  home: string,
  { global = {}, install = unpackModule }: Pick<AddonOperatorOptions, 'global' | 'install'>,
): Promise<Folders> {
  const folders = {
    modules: join(home, 'modules'),
    module: join(home, 'modules', `900-${MODULE}`),
    globalHooks: join(home, 'global-hooks'),
    temporary: join(home, 'tmp'),
    chroot: join(home, 'chroot'),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o755 });
  const { base, digests } = await install(folders.module);
  const registry = { base, dockercfg: 'e30=', scheme: 'https', ca: '' };
  // JSON is YAML.
  const values = {
    global: { ...GLOBAL, modulesImages: modulesImages(digests), ...global },
    [SECTION]: { registry },
  };
  writeFileSync(join(folders.modules, 'values.yaml'), JSON.stringify(values));
  return folders;
}

function replaceFolder(folder: string, by: string): void {
  rmSync(folder, { recursive: true });
  cpSync(by, folder, { recursive: true });
}

/** The module's images, and those of the platform, which are nowhere. */
function modulesImages(digests: ModuleImages['digests']): object {
  return {
    registry: { base: 'registry.example.com/deckhouse', dockercfg: 'e30=' },
    digests: { [SECTION]: digests, common: { kubeRbacProxy: `sha256:${'f'.repeat(64)}` } },
  };
}

/** What Deckhouse tells every module about the cluster. */
const GLOBAL = {
  clusterIsBootstrapped: true,
  discovery: {
    apiVersions: [],
    clusterMasterCount: 1,
    clusterControlPlaneIsHighlyAvailable: false,
    d8SpecificNodeCountByRole: { system: 0 },
    kubernetesVersion: '1.34.4',
  },
  modules: { placement: {} },
  internal: { modules: { kubeRBACProxyCA: { cert: 'certificate', key: 'key' } } },
} as const;

/** The operator ends at its start where its ConfigMap is missing. */
async function prepareNamespace({ api }: ControlPlane): Promise<void> {
  const parts = [
    { path: '/api/v1/namespaces', metadata: { name: OPERATOR_NAMESPACE } },
    { path: `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps`, metadata: { name: 'addon-operator' } },
  ];
  for (const { path, metadata } of parts) {
    await api.post(path, { metadata }).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
  }
}

function flagsOf(
  { adminKubeconfig }: ControlPlane,
  { modules, globalHooks, temporary }: Folders,
  port: number,
): readonly string[] {
  const limits = ['--kube-client-qps=100', '--kube-client-burst=200'];
  return [
    ...['--kube-config', adminKubeconfig, '--namespace', OPERATOR_NAMESPACE],
    ...['--modules-dir', modules, '--global-hooks-dir', globalHooks, '--tmp-dir', temporary],
    ...['--prometheus-listen-address', '127.0.0.1', '--prometheus-listen-port', String(port)],
    ...['--crd-extra-labels', 'heritage=deckhouse'],
    ...limits,
    ...limits.map((flag) => flag.replace('--', '--object-patcher-')),
  ];
}

/**
 * The operator puts the module's folder into the chroot by itself; its temporary files are for its surroundings to put
 * there. All of that happens in a mount namespace that ends with the operator.
 */
function inChroot({ chroot, temporary }: Folders, command: readonly string[]): readonly string[] {
  const inside = join(chroot, MODULE, temporary);
  mkdirSync(inside, { recursive: true });
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', temporary, inside, ...command];
}

/** The switch alone is not noticed: a section of values that differs is. */
async function writeSettings(
  { api }: ControlPlane,
  settings: Readonly<Record<string, unknown>> | 'off',
): Promise<void> {
  const data =
    settings === 'off'
      ? { [`${SECTION}Enabled`]: 'false', [SECTION]: null }
      : { [`${SECTION}Enabled`]: 'true', [SECTION]: JSON.stringify(settings) };
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/addon-operator`;
  await api.mergePatch(path, { data });
}

interface ReleaseList {
  readonly items: readonly { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }[];
}

function waitForRelease(
  { api }: ControlPlane,
  process: ManagedProcess,
  state: 'deployed' | 'gone',
  deadlineMs: number,
): Promise<void> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=owner=helm,name=${MODULE}`;
  return waitFor(
    `the release to be ${state} (log ${process.logFile})`,
    async () => {
      const { items } = await api.get<ReleaseList>(path);
      const isDeployed = items.some(({ metadata }) => metadata.labels?.['status'] === 'deployed');
      return (state === 'deployed' ? isDeployed : items.length === 0) ? true : undefined;
    },
    { deadlineMs },
  ).then(() => {});
}

async function overSocket(socketPath: string, path: string): Promise<string> {
  const asked = request({ socketPath, path }).end();
  const [answer]: [IncomingMessage] = (await once(asked, 'response')) as [IncomingMessage];
  return text(answer);
}
