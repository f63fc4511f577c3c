import { contextsIn, snapshotsIn } from '#lib/hook/binding-context.ts';
import type { KubernetesBinding, Snapshots } from '#lib/hook/hook.ts';
import { type HookProcess, readJson, textOf, writeJsonLines } from '#lib/hook/hook-process.ts';
import type { ModuleHook } from '#lib/hook/module-hook.ts';

/** What one executable with several hooks offers to addon-operator and Deckhouse. */
export interface HookBatch {
  /** At least one: without any, an operator does not take the file for a batch. */
  readonly hooks: readonly ModuleHook[];
  /** Run on its schedule; says whether the module does its work. */
  readonly readiness?: ModuleHook;
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
  const hook = index !== undefined && /^\d+$/.test(index) ? hooks[Number(index)] : undefined;
  if (hook === undefined) throw new Error(`no hook ${index ?? ''}: there are ${hooks.length}`);
  return runModuleHook(hook, process);
}

/** Who asks although nothing is declared must not take silence for readiness. */
function ready({ readiness }: HookBatch, process: HookProcess): number {
  if (readiness === undefined) return fail(process, 'this module declares no readiness hook', 1);
  return runModuleHook(readiness, process);
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

/** Files in, files out. Metrics go first: an operator applies them before the operations, which may take long. */
function runModuleHook(hook: ModuleHook, process: HookProcess): number {
  const snapshots = snapshotsOf(hook, readJson(process, 'BINDING_CONTEXT_PATH'));
  if (snapshots === undefined) return 0;
  const { env } = process;
  const values = env['VALUES_PATH'] === undefined ? {} : readJson(process, 'VALUES_PATH');
  const { operations, metrics = [], message } = hook.run({ snapshots, values, now: process.now() });
  const group = `${env['MODULE_NAME'] ?? 'module'}/${hook.name}`;
  const gauges = metrics.map((metric) => ({ ...metric, action: 'set', group }));
  writeJsonLines(process, 'METRICS_PATH', gauges);
  writeJsonLines(process, 'KUBERNETES_PATCH_PATH', operations);
  if (message !== undefined) process.stdout(`${JSON.stringify({ level: 'warn', msg: message })}\n`);
  return 0;
}

/** A hook without bindings needs no snapshots; one with bindings does nothing until it has some. */
function snapshotsOf({ config: { kubernetes = [] } }: ModuleHook, context: unknown): Snapshots | undefined {
  if (kubernetes.length > 0) return snapshotsIn(context, kubernetes);
  return contextsIn(context).length === 0 ? undefined : {};
}

/** The document of `hook config`: positions in `hooks` are the indexes of `hook run`. */
function batchConfig({ hooks, readiness }: HookBatch): Readonly<Record<string, unknown>> {
  return {
    version: 'v1',
    hooks: hooks.map(hookConfig),
    ...(readiness === undefined ? {} : { readiness: hookConfig(readiness) }),
    has_settings_check: true,
  };
}

function hookConfig({ name, config: { kubernetes, ...moments } }: ModuleHook): object {
  return {
    configVersion: 'v1',
    metadata: { name, path: `hooks/${name}` },
    ...moments,
    ...(kubernetes === undefined ? {} : { kubernetes: kubernetes.map(batchBinding) }),
  };
}

/** In batch configurations events are a switch, not a list, and full objects are kept only on request. */
function batchBinding(binding: KubernetesBinding): Readonly<Record<string, unknown>> {
  const { executeHookOnEvent, group: _, ...rest } = binding;
  return {
    keepFullObjectsInMemory: binding.jqFilter === undefined,
    ...rest,
    executeHookOnEvent: executeHookOnEvent === undefined || executeHookOnEvent.length > 0,
  };
}

function fail(process: HookProcess, message: string, exitCode: number): number {
  process.stderr(`${JSON.stringify({ message })}\n`);
  return exitCode;
}
