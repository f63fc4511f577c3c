import { argv, env, stderr, stdout } from 'node:process';
import { runBatchHost } from '#lib/hook/batch-host.ts';
import { HOOKS } from './registry.ts';
import { checkSettings } from './settings-check.ts';

/** The hooks of the module, as a batch for addon-operator and Deckhouse. */
process.exitCode = runBatchHost(
  { hooks: HOOKS, checkSettings },
  {
    args: argv.slice(2),
    env,
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
  },
);
