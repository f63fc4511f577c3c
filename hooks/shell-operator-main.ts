import { argv, env, stderr, stdout } from 'node:process';
import { runOperatorHost } from '#lib/hook/operator-host.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { HOOKS } from './registry.ts';

/** The hooks as one hook file of a real shell-operator. */
process.exitCode = runOperatorHost(HOOKS, {
  args: argv.slice(2),
  env,
  stdout: (text) => stdout.write(text),
  stderr: (text) => stderr.write(text),
  now: () => systemClock.now(),
});
