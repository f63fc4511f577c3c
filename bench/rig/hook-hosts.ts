import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { bundleEntry } from '../../dev/build/bundle.ts';
import { singleExecutable } from '../../dev/build/hook-executable.ts';
import { DIST, ROOT } from '../../dev/build/layout.ts';
import type { ControlPlane } from '../../dev/cluster/control-plane.ts';
import { startAddonOperator } from '../../dev/operators/addon-operator.ts';
import { installReconcileHooks, startShellOperator } from '../../dev/operators/shell-operator.ts';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';

/** One way to run the reconcile hooks. */
export interface HookHost {
  readonly name: string;
  /** Starts it; the process is the one that hooks are run by. */
  start(host: ProcessHost, controlPlane: ControlPlane): Promise<ManagedProcess>;
}

export const HOOK_HOSTS: readonly HookHost[] = [
  { name: 'resident in the controller', start: startController },
  {
    name: 'under shell-operator',
    async start(host, { adminKubeconfig: kubeconfig }) {
      const hooks = installReconcileHooks(host, `${DIST}/hooks/shell-operator`);
      return (await startShellOperator(host, { name: 'shell-operator', kubeconfig, hooks })).process;
    },
  },
  {
    name: 'as batch hooks in addon-operator',
    async start(host, controlPlane) {
      const hooks = await buildReconcileBatch(host.directory('batch', 0o755));
      const given = { name: 'addon-operator', root: 'host', hooks } as const;
      const operator = await startAddonOperator(host, controlPlane, given);
      await operator.configure({ logLevel: 'Info' });
      await operator.waitForRelease('deployed');
      return operator.process;
    },
  },
];

function startController(host: ProcessHost, { adminKubeconfig }: ControlPlane): Promise<ManagedProcess> {
  const places = ['--metrics-address', '127.0.0.1:0', '--health-address', '127.0.0.1:0'];
  return host.start({
    name: 'controller',
    command: `${DIST}/bin/controller`,
    args: ['--kubeconfig', adminKubeconfig, '--leader-elect=false', '--namespace', 'default', ...places],
  });
}

/** The module's executable with the reconcile hooks in it. Returns the folder. */
async function buildReconcileBatch(folder: string): Promise<string> {
  const bundle = join(folder, 'reconcile-batch.cjs');
  await bundleEntry(`${ROOT}/bench/rig/reconcile-batch-main.ts`, bundle);
  const hooks = join(folder, 'hooks');
  cpSync(`${DIST}/hooks/module`, hooks, { recursive: true });
  await singleExecutable(bundle, join(hooks, 'lib/service-with-healthchecks.bin'));
  return hooks;
}
