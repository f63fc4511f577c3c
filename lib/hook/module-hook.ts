import type { Hook, KubernetesBinding, Operation, Snapshots } from '#lib/hook/hook.ts';
import { inTheOperatorsWords } from '#lib/hook/operator-host.ts';

/** A write that only an operator can make: it reads the object, runs jq over it and writes back what has changed. */
export interface JqPatch {
  readonly operation: 'JQPatch';
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly jqFilter: string;
  readonly subresource?: 'status';
  readonly ignoreMissingObject?: boolean;
}

export type ModuleOperation = Operation | JqPatch;

/** When a hook runs, beside events of its bindings. The numbers order the hooks of one moment. */
export interface ModuleHookConfig {
  /** The module is being switched off and its release still stands. Operators before addon-operator 1.24 skip it. */
  readonly beforeDeleteHelm?: number;
  /** The release is gone. */
  readonly afterDeleteHelm?: number;
  readonly schedule?: readonly {
    readonly name: string;
    /** Five fields, or six with the seconds first. */
    readonly crontab: string;
    readonly queue: string;
  }[];
  /** With `jqFilter`, an object in a snapshot is what the filter leaves of it. It must keep name and namespace. */
  readonly kubernetes?: readonly KubernetesBinding[];
}

export interface ModuleHookInput {
  /** By binding; empty lists where the operator follows nothing, as when it has just been started. */
  readonly snapshots: Snapshots;
  /** The values of the module and the global ones, unchecked. */
  readonly values: unknown;
  readonly now: Date;
}

export interface ModuleHookOutput {
  readonly operations: readonly ModuleOperation[];
  /** Gauges of the operator's own metrics. What a run does not name is gone. */
  readonly metrics?: readonly { readonly name: string; readonly value: number }[];
  /** For the operator's log, when there is something to tell. */
  readonly message?: string;
}

/** A hook of the module as a whole, run by addon-operator or Deckhouse outside of the cluster's daily work. */
export interface ModuleHook {
  readonly name: string;
  readonly config: ModuleHookConfig;
  run(input: ModuleHookInput): ModuleHookOutput;
}

/** A reconcile hook as a hook of a module: whoever has an operator and no controller can let it do the work. */
export function asModuleHook({ name, config, reconcile }: Hook): ModuleHook {
  return {
    name,
    config: { kubernetes: config.kubernetes },
    run: ({ snapshots }) => ({ operations: reconcile(snapshots).map(inTheOperatorsWords) }),
  };
}
