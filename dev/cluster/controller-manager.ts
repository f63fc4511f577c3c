import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';

/** What the controller manager does; times in seconds. */
export interface ControllerManagerOptions {
  /** Controllers to run, in the syntax of `--controllers`. Default: all. */
  readonly controllers?: readonly string[];
  /** How long a node may be silent before it counts as dead. Default 16; keep it well above the lease renewal. */
  readonly nodeMonitorGraceSeconds?: number;
  /** How often nodes are looked at. Default 2. */
  readonly nodeMonitorPeriodSeconds?: number;
  /** Whether pods on nodes that do not exist are deleted. Default false. */
  readonly podGarbageCollection?: boolean;
  /** Requests that each controller may send a second. Default 200, so that tests wait for nobody; upstream's is 20. */
  readonly requestsPerSecond?: number;
}

/** Files that the controller manager reads. */
export interface ControllerManagerFiles {
  readonly kubeconfig: string;
  readonly signingKeyFile: string;
  readonly caFile: string;
}

/** The command line of kube-controller-manager. */
export function controllerManagerArgs(
  options: ControllerManagerOptions,
  files: ControllerManagerFiles,
): readonly string[] {
  const { requestsPerSecond = 200 } = options;
  const controllers = [
    ...(options.controllers ?? ['*']),
    ...(options.podGarbageCollection === true ? [] : ['-pod-garbage-collector-controller']),
  ];
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--service-account-private-key-file=${files.signingKeyFile}`,
    `--root-ca-file=${files.caFile}`,
    `--controllers=${controllers.join(',')}`,
    `--node-monitor-grace-period=${options.nodeMonitorGraceSeconds ?? 16}s`,
    `--node-monitor-period=${options.nodeMonitorPeriodSeconds ?? 2}s`,
    '--leader-elect=false',
    '--secure-port=0',
    `--kube-api-qps=${requestsPerSecond}`,
    `--kube-api-burst=${1.5 * requestsPerSecond}`,
  ];
}

/** Starts kube-controller-manager. What it makes (default service accounts, slices) shows when it works. */
export function startControllerManager(
  host: ProcessHost,
  program: string,
  args: readonly string[],
): Promise<ManagedProcess> {
  return host.start({ name: 'kube-controller-manager', command: program, args, disposable: true });
}
