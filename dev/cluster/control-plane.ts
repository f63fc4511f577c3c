import { join } from 'node:path';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { ApiClient } from './api-client.ts';
import {
  type ApiServerFiles,
  type ApiServerSpec,
  type AuditScope,
  apiServerArgs,
  startApiServer,
  writeApiServerFiles,
} from './api-server.ts';
import { issueCertificates } from './certificates.ts';
import {
  type ControllerManagerOptions,
  controllerManagerArgs,
  startControllerManager,
} from './controller-manager.ts';
import { startEtcd } from './etcd.ts';
import { pickFreePort } from './free-port.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { kubectl } from './kubectl.ts';
import { type ServiceAccountTokenSpec, writeServiceAccountKubeconfig } from './service-account-kubeconfig.ts';

/** What to start. */
export interface ControlPlaneOptions {
  /** The address of the API server; default 127.0.0.1. */
  readonly address?: string;
  /** One IPv4 range, or one of each family. Default 10.96.0.0/16 and fd00:96::/112. */
  readonly serviceCidrs?: readonly string[];
  /** Default `writes`. */
  readonly audit?: AuditScope;
  /** `none`: no controllers at all, and no service account admission. Default: all controllers. */
  readonly controllerManager?: ControllerManagerOptions | 'none';
  /** Done when the API server is ready and before controllers start: some learn of new kinds only every 30 s. */
  readonly beforeControllers?: (controlPlane: ControlPlane) => Promise<void>;
  /** More flags for kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
}

/** An etcd, a kube-apiserver and, when asked for, a kube-controller-manager. They stop with their `ProcessHost`. */
export class ControlPlane {
  /** `https://address:port` */
  readonly url: string;
  /** PEM of the authority behind the server's certificate. */
  readonly ca: string;
  /** Path of a kubeconfig of the group system:masters. */
  readonly adminKubeconfig: string;
  /** The API as administrator. */
  readonly api: ApiClient;
  /** Path of the audit log: one JSON event a line. */
  readonly auditLog: string;
  readonly #host: ProcessHost;
  readonly #spec: ApiServerSpec;
  readonly #files: ApiServerFiles;
  #apiServer: ManagedProcess | undefined;
  #controllerManager: ManagedProcess | undefined;

  private constructor(host: ProcessHost, spec: ApiServerSpec, files: ApiServerFiles) {
    this.#host = host;
    this.#spec = spec;
    this.#files = files;
    this.url = `https://${spec.address}:${spec.port}`;
    this.ca = files.certificates.ca;
    this.auditLog = files.auditLog;
    const access = { server: this.url, ca: this.ca, token: files.adminToken };
    this.adminKubeconfig = writeKubeconfig(join(host.directory('pki'), 'admin.kubeconfig'), access);
    this.api = new ApiClient(access);
  }

  /** Starts everything and waits until the API server is ready and, with controllers, has its defaults. */
  static async start(host: ProcessHost, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const { controllerManager = {}, address = '127.0.0.1', audit = 'writes' } = options;
    const programs = await providePrograms(['etcd', 'kube-apiserver']);
    const directory = host.directory('pki');
    const serviceCidrs = options.serviceCidrs ?? ['10.96.0.0/16', 'fd00:96::/112'];
    const names = [address, '127.0.0.1', 'localhost', ...serviceCidrs.map(firstAddress)];
    const certificates = await issueCertificates(directory, names, 'apiserver');
    const files = writeApiServerFiles(directory, certificates, audit);
    const spec: ApiServerSpec = {
      program: programs['kube-apiserver'],
      address,
      port: await pickFreePort(address),
      etcdUrl: await startEtcd(host, programs.etcd),
      serviceCidrs,
      audit,
      admitsServiceAccounts: controllerManager !== 'none',
      extraArgs: options.apiServerArgs ?? [],
    };
    const controlPlane = new ControlPlane(host, spec, files);
    await controlPlane.startApiServer();
    await options.beforeControllers?.(controlPlane);
    if (controllerManager !== 'none') await controlPlane.#startControllerManager(controllerManager);
    return controlPlane;
  }

  /** Starts the API server again after `stopApiServer`: same port, same data. */
  async startApiServer(): Promise<void> {
    const { program } = this.#spec;
    const args = apiServerArgs(this.#spec, this.#files);
    this.#apiServer = await startApiServer(this.#host, this.api, { program, args });
  }

  /**
   * Stops the API server; etcd keeps the data. It would wait for open watches for a minute, so it is killed
   * after `deadlineMs`.
   */
  async stopApiServer(deadlineMs = 2_000): Promise<void> {
    await this.#apiServer?.stop('SIGTERM', deadlineMs);
  }

  /** Freezes the API server: connections stand, nothing answers. */
  pauseApiServer(): void {
    this.#apiServer?.kill('SIGSTOP');
  }

  resumeApiServer(): void {
    this.#apiServer?.kill('SIGCONT');
  }

  /** The running API server and controller manager, for measurements and signals. */
  processes(): readonly ManagedProcess[] {
    return [this.#apiServer, this.#controllerManager].filter((process) => process !== undefined);
  }

  /** Runs kubectl as administrator and returns its standard output. */
  kubectl(args: readonly string[], input = ''): Promise<string> {
    return kubectl(this.adminKubeconfig, args, input);
  }

  /** Writes a kubeconfig with a fresh token of an existing service account and returns its path. */
  serviceAccountKubeconfig(spec: ServiceAccountTokenSpec): Promise<string> {
    return writeServiceAccountKubeconfig(this.adminKubeconfig, this.#host.directory('pki'), spec);
  }

  async #startControllerManager(options: ControllerManagerOptions): Promise<void> {
    const { 'kube-controller-manager': program } = await providePrograms(['kube-controller-manager']);
    const args = controllerManagerArgs(options, {
      kubeconfig: this.adminKubeconfig,
      signingKeyFile: this.#files.signingKeyFile,
      caFile: this.#files.certificates.caFile,
    });
    this.#controllerManager = await startControllerManager(this.#host, program, args);
    await waitFor('kube-controller-manager to make the default service account', async () =>
      this.api.get('/api/v1/namespaces/default/serviceaccounts/default'),
    );
  }
}

/** The cluster IP of the Service `kubernetes`, by which pods reach the API server. */
function firstAddress(cidr: string): string {
  return cidr.replace(/(?:\.0|:)\/\d+$/, (end) => (end.startsWith('.') ? '.1' : ':1'));
}
