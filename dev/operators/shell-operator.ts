import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { pickFreePort } from '../cluster/free-port.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { sumOf } from './operator-metrics.ts';

export interface ShellOperatorOptions {
  readonly name: string;
  readonly kubeconfig: string;
  /** Holds the executables. */
  readonly hooks: string;
}

/** How many runs of hooks have ended, and how. */
export interface Runs {
  readonly succeeded: number;
  readonly failed: number;
}

/** A real shell-operator. It stops with its `ProcessHost`. */
export interface ShellOperator {
  readonly process: ManagedProcess;
  /** The operator's own metrics. */
  metrics(): Promise<string>;
  runs(): Promise<Runs>;
}

/** Starts it and waits until it serves its metrics, which it does before any hook has run. */
export async function startShellOperator(
  host: ProcessHost,
  { name, kubeconfig, hooks }: ShellOperatorOptions,
): Promise<ShellOperator> {
  const { 'shell-operator': command } = await providePrograms(['shell-operator']);
  const address = '127.0.0.1';
  const port = await pickFreePort(address);
  const temporary = host.directory(`${name}-tmp`);
  const process = await host.start({
    name,
    command,
    args: ['start'],
    env: {
      SHELL_OPERATOR_HOOKS_DIR: hooks,
      SHELL_OPERATOR_TMP_DIR: temporary,
      SHELL_OPERATOR_LISTEN_ADDRESS: address,
      SHELL_OPERATOR_LISTEN_PORT: String(port),
      DEBUG_UNIX_SOCKET: join(temporary, 'debug.sock'),
      KUBE_CONFIG: kubeconfig,
      // The default of 5 requests a second would be what is measured and waited for.
      KUBE_CLIENT_QPS: '500',
      KUBE_CLIENT_BURST: '500',
      OBJECT_PATCHER_KUBE_CLIENT_QPS: '500',
      OBJECT_PATCHER_KUBE_CLIENT_BURST: '500',
    },
  });
  const metrics = async () => (await fetch(`http://${address}:${port}/metrics`)).text();
  await waitFor(`${name} to serve its metrics (log ${process.logFile})`, async () => {
    if (!process.isRunning()) throw new GiveUpError(`${name} ended at start:\n${process.logTail(20)}`);
    return metrics();
  });
  return {
    process,
    metrics,
    async runs() {
      const text = await metrics();
      return {
        succeeded: sumOf(text, 'shell_operator_hook_run_success_total'),
        failed:
          sumOf(text, 'shell_operator_hook_run_errors_total') +
          sumOf(text, 'shell_operator_hook_run_allowed_errors_total'),
      };
    },
  };
}

/** A folder with the built executable of the reconcile hooks, as an operator wants it. Returns its path. */
export function installReconcileHooks(host: ProcessHost, built: string): string {
  const folder = host.directory('shell-operator-hooks', 0o755);
  cpSync(built, folder, { recursive: true });
  return folder;
}
