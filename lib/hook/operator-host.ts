import { isDeletion } from '#lib/hook/apply-operation.ts';
import { snapshotsIn } from '#lib/hook/binding-context.ts';
import type { Hook, HookConfig, KubernetesBinding, Operation, Snapshots } from '#lib/hook/hook.ts';
import { type HookProcess, readJson, textOf, writeJsonLines } from '#lib/hook/hook-process.ts';

/**
 * The surface that shell-operator expects of a hook file: `--config` prints the configuration, no argument runs
 * the hooks on the binding context and writes their operations. shell-operator knows one hook a file, so all
 * hooks share one configuration. Returns the exit code; a failure is one line on stderr.
 */
export function runOperatorHost(hooks: readonly Hook[], process: HookProcess): number {
  try {
    const [argument, ...rest] = process.args;
    if (argument === undefined) {
      runHooks(hooks, process);
      return 0;
    }
    if (argument === '--config' && rest.length === 0) {
      process.stdout(`${JSON.stringify(sharedConfig(hooks))}\n`);
      return 0;
    }
    process.stderr(`unknown arguments ${process.args.join(' ')}: use --config, or none to run\n`);
    return 2;
  } catch (thrown) {
    process.stderr(`${textOf(thrown)}\n`);
    return 1;
  }
}

/** Reads the snapshots of the hooks' bindings, reconciles and writes the patch file. */
function runHooks(hooks: readonly Hook[], process: HookProcess): void {
  const snapshots = snapshotsIn(readJson(process, 'BINDING_CONTEXT_PATH'), sharedBindings(hooks));
  if (snapshots === undefined) return;
  const operations = reconcileAll(hooks, snapshots).map(inTheOperatorsWords);
  writeJsonLines(process, 'KUBERNETES_PATCH_PATH', operations);
}

/** The operator holds no deletion back and refuses words that it does not know. */
export function inTheOperatorsWords(operation: Operation): Operation {
  if (!isDeletion(operation)) return operation;
  const { confirmMs: _, ...rest } = operation;
  return rest;
}

/** One configuration for several hooks. Bindings of one name are one binding, so they must be the same. */
function sharedConfig(hooks: readonly Hook[]): HookConfig {
  // One group, so that every run comes with the snapshots of all bindings.
  const kubernetes = sharedBindings(hooks).map((binding) => ({ ...binding, group: 'main' }));
  return { configVersion: 'v1', kubernetes };
}

function reconcileAll(hooks: readonly Hook[], snapshots: Snapshots): readonly Operation[] {
  return hooks.flatMap((hook) => hook.reconcile(snapshots));
}

function sharedBindings(hooks: readonly Hook[]): readonly KubernetesBinding[] {
  const byName = new Map<string, KubernetesBinding>();
  for (const binding of hooks.flatMap((hook) => hook.config.kubernetes)) {
    const other = byName.get(binding.name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(binding)) {
      throw new Error(`bug: two different bindings are called ${binding.name}`);
    }
    byName.set(binding.name, binding);
  }
  return [...byName.values()];
}
