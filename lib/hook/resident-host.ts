import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { applyOperation, describeOperation, resourceOfOperation } from '#lib/hook/apply-operation.ts';
import { CONFIRM_DELETION_MS, createDeletionConfirmation } from '#lib/hook/deletion-confirmation.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { createSnapshotIndex } from '#lib/hook/snapshot-index.ts';
import type { ChangeHandler } from '#lib/kube/informer.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';

/** What the host needs of an informer. */
export interface ObjectSource {
  readonly resource: Resource<KubernetesObject>;
  onChange(handler: ChangeHandler<KubernetesObject>): void;
  /** Takes the answer to an own write, so that the next reconcile sees it. */
  noteWrite(object: KubernetesObject): void;
  hasSynced(): boolean;
  /** Undefined while nothing goes unseen. */
  staleSinceMs(): number | undefined;
}

/** How the reconcile of one key ended. */
export type HookOutcome =
  | { readonly kind: 'done'; readonly operations: number }
  /** The API server refused a write or could not be asked; it is tried again. */
  | { readonly kind: 'failed'; readonly message: string };

export interface ResidentHookDeps {
  readonly hook: Hook;
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly logger: Logger;
  /** By binding name; every binding of the hook has one. */
  readonly sources: Readonly<Record<string, ObjectSource>>;
  onOutcome?(hook: string, key: string, outcome: HookOutcome): void;
}

/** A hook that runs inside a program: fed by informers, one key at a time. */
export interface ResidentHook {
  readonly name: string;
  /** Begins to follow the sources; `wake` is called with every key that something happened to. */
  follow(wake: (key: string) => void): void;
  /** Every key that there is something to say about. */
  keys(): readonly string[];
  /** Plans for the key and applies the plan. Throws what the API throws, after `onOutcome`. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
}

/** A broken watch is opened again within this time, as a rule. */
const LOOK_AGAIN_STALE_MS = 500;

/** Makes a hook resident. Law: reconciling every key does what reconciling all snapshots at once would. */
export function createResidentHook(deps: ResidentHookDeps): ResidentHook {
  const { hook, sources } = deps;
  const bindings = hook.config.kubernetes;
  const index = createSnapshotIndex(
    bindings.map(({ name }) => name),
    (binding, object) => hook.keysOf(binding, object),
  );
  const confirmation = createDeletionConfirmation(deps.clock);
  return {
    name: hook.name,
    follow(wake) {
      for (const { name } of bindings) {
        sourceOf(sources, name).onChange(({ key, current }) => {
          for (const concerned of index.update(name, key, current)) wake(concerned);
        });
      }
    },
    keys: () => index.keys(),
    async reconcile(key, signal) {
      const isBlind = bindings.some(({ name }) => !sourceOf(sources, name).hasSynced());
      // An incomplete world looks like one in which most things are superfluous.
      if (isBlind) return { kind: 'requeueAfter', ms: CONFIRM_DELETION_MS };
      const planned = hook.reconcile(index.snapshotsOf(key));
      const isStale = bindings.some(({ name }) => sourceOf(sources, name).staleSinceMs() !== undefined);
      const { ready, lookAgainMs } = confirmation.sift(key, planned, isStale);
      // What was true before a watch broke may be wrong by now, and an agent that sees better would write it back.
      if (isStale) return { kind: 'requeueAfter', ms: LOOK_AGAIN_STALE_MS };
      await applyAll(deps, key, ready, signal);
      return lookAgainMs === undefined ? DONE : { kind: 'requeueAfter', ms: lookAgainMs };
    },
  };
}

/** As under an operator, an operation that fails does not keep the later ones from being applied. */
async function applyAll(
  deps: ResidentHookDeps,
  key: string,
  operations: readonly Operation[],
  signal: AbortSignal,
): Promise<void> {
  const { hook, logger } = deps;
  const failures: unknown[] = [];
  for (const operation of operations) {
    try {
      await applyOne(deps, operation, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      failures.push(error);
    }
  }
  if (failures.length === 0) {
    deps.onOutcome?.(hook.name, key, { kind: 'done', operations: operations.length });
    return;
  }
  // A conflict means that the snapshot was old: nothing is wrong with the object.
  const error = failures.find((one) => classifyKubeError(one) !== 'conflict');
  if (error === undefined) throw failures[0];
  const message = error instanceof Error ? error.message : String(error);
  deps.onOutcome?.(hook.name, key, { kind: 'failed', message });
  logger.warn('operation failed', { hook: hook.name, key, error: message });
  throw error;
}

async function applyOne(deps: ResidentHookDeps, operation: Operation, signal: AbortSignal): Promise<void> {
  const written = await applyOperation(deps.api, operation, signal);
  deps.logger.info('operation applied', { hook: deps.hook.name, operation: describeOperation(operation) });
  if (written === undefined) return;
  const { kind } = resourceOfOperation(operation);
  for (const source of Object.values(deps.sources)) {
    if (source.resource.kind === kind) source.noteWrite(written);
  }
}

function sourceOf(sources: Readonly<Record<string, ObjectSource>>, binding: string): ObjectSource {
  const source = sources[binding];
  if (source === undefined) throw new Error(`bug: no source for binding ${binding}`);
  return source;
}
