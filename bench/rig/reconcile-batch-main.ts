import { argv, env, stderr, stdout } from 'node:process';
import { runBatchHost } from '#lib/hook/batch-host.ts';
import { asModuleHook } from '#lib/hook/module-hook.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { HOOKS } from '../../hooks/registry.ts';

/** The reconcile hooks as a batch, which the module does not ship: to compare what their hosts cost. */
process.exitCode = runBatchHost(
  { hooks: HOOKS.map(asModuleHook), checkSettings: () => [] },
  {
    args: argv.slice(2),
    env,
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    now: () => systemClock.now(),
  },
);
