import { assertNever } from '#lib/core/assert-never.ts';
import { type KubernetesObject, keyOf, type ObjectRef } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import type { KubeApi, Resource } from './kube-api.ts';
import { classifyKubeError } from './kube-error.ts';
import { resultOfKubeError } from './reconcile-error.ts';

export interface ApplyDeps<T extends KubernetesObject> {
  readonly api: KubeApi;
  readonly resource: Resource<T>;
  readonly logger: Logger;
  /**
   * Whether each update clears `metadata.managedFields`, which for a small object is a large part of what every watcher is
   * sent. For kinds with one writer, who never applies: nobody asks who wrote what.
   */
  readonly clearsManagedFields?: boolean;
  /** Takes each object as it was written: see `Informer.noteWrite`. */
  noteWrite?(object: T): void;
}

/** What became of a plan. A plan is applied as a whole if `conflicts` is 0 and `errors` is empty. */
export interface Applied {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** Writes that met another version than the plan was made from: read again and plan again. */
  readonly conflicts: number;
  readonly errors: readonly unknown[];
}

/**
 * Performs the plan: creates, then updates, then deletes. Every write is conditional on what the plan saw. What is
 * done already counts as done: deleting what is gone, creating in a namespace that goes away. If a write of one
 * kind fails, its siblings are still tried, but the kinds that follow are not: what is to be deleted may hold what
 * could not be created. Never throws for an answer of the API.
 */
export async function applyPlan<T extends KubernetesObject>(
  deps: ApplyDeps<T>,
  plan: Plan<T>,
  signal?: AbortSignal,
): Promise<Applied> {
  const options = signal === undefined ? {} : { signal };
  const { api, resource, clearsManagedFields = false } = deps;
  const tally = new Tally();
  for (const object of plan.create) {
    await tally.count('created', object, deps, () => api.create(resource, object, options));
  }
  for (const { current, next } of tally.isClean() ? plan.update : []) {
    const metadata = { ...next.metadata, ...versionOf(current), ...(clearsManagedFields ? CLEARED : {}) };
    const conditional = { ...next, metadata };
    await tally.count('updated', next, deps, () => api.replace(resource, conditional, options));
  }
  for (const object of tally.isClean() ? plan.delete : []) {
    await tally.count('deleted', object, deps, async () => {
      await api.delete(resource, refTo(object), preconditionsOf(object), signal);
      return undefined;
    });
  }
  return tally.result();
}

/** One empty entry is how the API server is told; it does not begin to record anew then. */
const CLEARED = { managedFields: [{}] };

/** When to reconcile again after a plan was applied. */
export function resultOfApplied({ conflicts, errors }: Applied): ReconcileResult {
  const [error] = errors;
  if (error !== undefined) return resultOfKubeError(error);
  return conflicts === 0 ? DONE : { kind: 'retry', error: new Error('the objects changed meanwhile') };
}

type Write = 'created' | 'updated' | 'deleted';

class Tally {
  readonly #done = { created: 0, updated: 0, deleted: 0 };
  readonly #errors: unknown[] = [];
  #conflicts = 0;

  isClean(): boolean {
    return this.#conflicts === 0 && this.#errors.length === 0;
  }

  result(): Applied {
    return { ...this.#done, conflicts: this.#conflicts, errors: this.#errors };
  }

  async count<T extends KubernetesObject>(
    write: Write,
    object: T,
    deps: ApplyDeps<T>,
    perform: () => Promise<T | undefined>,
  ): Promise<void> {
    try {
      const written = await perform();
      this.#done[write]++;
      deps.logger.info(`object ${write}`, { kind: deps.resource.kind, object: keyOf(object) });
      if (written !== undefined) deps.noteWrite?.(written);
    } catch (error) {
      const meaning = meaningOf(write, error);
      if (meaning === 'conflict') this.#conflicts++;
      else if (meaning === 'error') this.#errors.push(error);
    }
  }
}

/** What a failed write means for the plan. */
function meaningOf(write: Write, error: unknown): 'done' | 'conflict' | 'error' {
  const kind = classifyKubeError(error);
  switch (kind) {
    case 'gone':
      return 'done';
    case 'conflict':
    case 'exists':
      return 'conflict';
    case 'not-found':
      if (write === 'deleted') return 'done';
      // An update of what has been deleted is out of date; a create fails so only where the namespace is missing.
      return write === 'updated' ? 'conflict' : 'error';
    case 'forbidden':
    case 'invalid':
    case 'transient':
    case 'expired':
    case 'bug':
      return 'error';
    default:
      return assertNever(kind, 'kind of API error');
  }
}

function versionOf({ metadata }: KubernetesObject): { readonly resourceVersion?: string } {
  return metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion };
}

function preconditionsOf(object: KubernetesObject): {
  readonly uid?: string;
  readonly resourceVersion?: string;
} {
  const { uid } = object.metadata;
  return { ...versionOf(object), ...(uid === undefined ? {} : { uid }) };
}

function refTo({ metadata }: KubernetesObject): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}
