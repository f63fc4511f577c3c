import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessHost } from '../../dev/process/process-host.ts';

/** ConfigMaps with this label are orders to a hook: their `data.operations` become its patch file. */
export const RUNNER_LABEL = 'operation-vector';

const CONFIG = {
  configVersion: 'v1',
  kubernetes: [
    {
      name: 'orders',
      apiVersion: 'v1',
      kind: 'ConfigMap',
      labelSelector: { matchLabels: { [RUNNER_LABEL]: 'run' } },
      executeHookOnEvent: ['Added'],
      executeHookOnSynchronization: false,
      allowFailure: true,
      jqFilter: '.data.operations',
    },
  ],
};

/** Makes a folder with a hook that has the operator carry out whatever it is told. Returns the folder. */
export function installRunnerHook(host: ProcessHost): string {
  const folder = host.directory('runner-hooks', 0o755);
  const file = join(folder, 'runner');
  const text = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
if (process.argv[2] === '--config') console.log(${JSON.stringify(JSON.stringify(CONFIG))});
else for (const { filterResult } of JSON.parse(readFileSync(process.env.BINDING_CONTEXT_PATH)))
  writeFileSync(process.env.KUBERNETES_PATCH_PATH, filterResult, { flag: 'a' });
`;
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return folder;
}
