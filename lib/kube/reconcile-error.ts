import { assertNever } from '#lib/core/assert-never.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import { classifyKubeError } from './kube-error.ts';

/** When to reconcile again after an error of the API that nobody handled. */
export function resultOfKubeError(error: unknown): ReconcileResult {
  const kind = classifyKubeError(error);
  switch (kind) {
    case 'gone':
      return DONE;
    case 'conflict':
    case 'exists':
    case 'not-found':
    case 'forbidden':
    case 'invalid':
    case 'transient':
    case 'expired':
      return { kind: 'retry', error };
    case 'bug':
      return { kind: 'terminal', error };
    default:
      return assertNever(kind, 'kind of API error');
  }
}
