import { isRecord } from '#lib/api/prune.ts';
import { refOf } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import type { Snapshots } from '#lib/hook/hook.ts';
import type { UncheckedServiceWithHealthchecks } from '#lib/kube/resources.ts';
import { DONE, type ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import { HAND_OVER_POLL_MS, type HandOverDeps, handOverStep, isReleased, setFinalizer } from './hand-over.ts';

export interface HandOverReconcilerDeps extends HandOverDeps {
  /** `objects` of the key. */
  snapshotsOf(key: string): Snapshots;
}

/**
 * Makes the reconcile function of the deletion policy: an object with policy `Retain` carries a finalizer, and when it is
 * deleted its Service is given back before the finalizer goes.
 */
export function createHandOverReconciler(
  deps: HandOverReconcilerDeps,
): (key: string, signal: AbortSignal) => Promise<ReconcileResult> {
  return async (key, signal) => {
    // The binding asks for this kind only.
    const object = deps.snapshotsOf(key)['objects']?.[0] as UncheckedServiceWithHealthchecks | undefined;
    if (object === undefined) return DONE;
    const isRetained = isRecord(object.spec) && object.spec['deletionPolicy'] === 'Retain';
    const hasFinalizer = (object.metadata.finalizers ?? []).includes(HAND_OVER_FINALIZER);
    if (object.metadata.deletionTimestamp === undefined) {
      if (isRetained !== hasFinalizer) await setFinalizer(deps, object, isRetained, signal);
      return DONE;
    }
    if (!hasFinalizer) return DONE;
    // Half given back it would be without endpoints: what was begun under the policy `Retain` comes to its end.
    const isGivenBack = isRetained || (await isReleased(deps, object, signal));
    if (isGivenBack && !(await isFinished(deps, key, signal))) {
      return { kind: 'requeueAfter', ms: HAND_OVER_POLL_MS };
    }
    await setFinalizer(deps, object, false, signal);
    return DONE;
  };
}

async function isFinished(deps: HandOverDeps, key: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const result = await handOverStep(deps, refOf(key), signal);
    if (result !== 'again') return result === 'finished';
  }
}
