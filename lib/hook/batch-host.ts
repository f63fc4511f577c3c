import type { Hook, KubernetesBinding } from '#lib/hook/hook.ts';
import { type HookProcess, readJson, textOf } from '#lib/hook/hook-process.ts';
import { runHooks } from '#lib/hook/operator-host.ts';

/** What one executable with several hooks offers to addon-operator and Deckhouse. */
export interface HookBatch {
  readonly hooks: readonly Hook[];
  /** Why settings of the module are wrong, one sentence each; empty when they are right. */
  checkSettings(settings: unknown): readonly string[];
}

type Command = (batch: HookBatch, process: HookProcess, args: readonly string[]) => number;

/**
 * The batch surface of addon-operator: `hook list|config|run N|ready|check`. Every other argument is refused
 * with exit code 2, `--config` among them: a file that answers it may be registered as a plain shell hook,
 * which would lose its life cycle hooks.
 */
export function runBatchHost(batch: HookBatch, process: HookProcess): number {
  const [group, name, ...args] = process.args;
  const command = group === 'hook' && name !== undefined ? COMMANDS.get(name) : undefined;
  if (command === undefined) {
    const given = process.args.length === 0 ? 'no arguments' : process.args.join(' ');
    return fail(process, `${given}: use hook list, hook config, hook run N, hook ready or hook check`, 2);
  }
  try {
    return command(batch, process, args);
  } catch (thrown) {
    return fail(process, `execute: ${textOf(thrown)}`, 1);
  }
}

function list({ hooks }: HookBatch, process: HookProcess): number {
  const lines = hooks.map((hook, index) => `${index}: ${hook.name}\n`);
  process.stdout(`Found ${hooks.length} items\n${lines.join('')}`);
  return 0;
}

function config(batch: HookBatch, process: HookProcess): number {
  process.stdout(`${JSON.stringify(batchConfig(batch))}\n`);
  return 0;
}

function run({ hooks }: HookBatch, process: HookProcess, [index]: readonly string[]): number {
  const hook = hooks[Number(index)];
  if (hook === undefined) throw new Error(`no hook ${index ?? ''}: there are ${hooks.length}`);
  runHooks([hook], process);
  return 0;
}

/** No readiness hook is declared; whoever asks all the same must not take silence for readiness. */
function ready(_batch: HookBatch, process: HookProcess): number {
  return fail(process, 'this module declares no readiness hook', 1);
}

function check(batch: HookBatch, process: HookProcess): number {
  const violations = batch.checkSettings(readJson(process, 'SETTINGS_PATH'));
  if (violations.length === 0) return 0;
  process.stderr(`${JSON.stringify({ valid: false, message: violations.join('; '), warnings: [] })}\n`);
  return 1;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['list', list],
  ['config', config],
  ['run', run],
  ['ready', ready],
  ['check', check],
]);

/** The document of `hook config`: positions in `hooks` are the indexes of `hook run`. */
function batchConfig({ hooks }: HookBatch): Readonly<Record<string, unknown>> {
  return {
    version: 'v1',
    hooks: hooks.map((hook) => ({
      configVersion: hook.config.configVersion,
      metadata: { name: hook.name, path: `hooks/${hook.name}` },
      kubernetes: hook.config.kubernetes.map(batchBinding),
    })),
    has_settings_check: true,
  };
}

/** In batch configurations events are a switch, not a list, and full objects are kept only on request. */
function batchBinding(binding: KubernetesBinding): Readonly<Record<string, unknown>> {
  const { executeHookOnEvent, group: _, ...rest } = binding;
  return {
    keepFullObjectsInMemory: true,
    ...rest,
    executeHookOnEvent: executeHookOnEvent === undefined || executeHookOnEvent.length > 0,
  };
}

function fail(process: HookProcess, message: string, exitCode: number): number {
  process.stderr(`${JSON.stringify({ message })}\n`);
  return exitCode;
}
