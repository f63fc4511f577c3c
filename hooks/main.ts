import { argv, env, stderr, stdout } from 'node:process';
import { runBatchHost } from '#lib/hook/batch-host.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { readiness } from './readiness.ts';
import { MODULE_HOOKS } from './registry.ts';
import { checkSettings } from './settings-check.ts';

/** The hooks of the module, as a batch for addon-operator and Deckhouse. */
process.exitCode = runBatchHost(
  { hooks: MODULE_HOOKS, readiness, checkSettings },
  {
    args: argv.slice(2),
    env,
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    now: () => systemClock.now(),
  },
);
