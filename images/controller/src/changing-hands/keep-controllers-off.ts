import type { ObjectRef } from '#lib/core/kubernetes.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { microTime } from '#lib/kube/micro-time.ts';
import { LEASES } from '#lib/kube/resources.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import type { HandOverDeps } from './hand-over.ts';
import { getIfThere } from './service-feeds.ts';

/**
 * How long no controller may lead afterwards: it would take everything over again. The module is uninstalled meanwhile
 * and its Lease with it; where it is not, the controllers go on when the time is over.
 */
export const KEEP_OFF_SECONDS = 600;

/** A leader that cannot renew stops itself after so long: see `LeaderElection`. */
const LEADER_STOPS_MS = 10_000;

/** Takes the Lease from whoever holds it, and waits until the former holder must have noticed. */
export async function keepControllersOff(
  { api, clock, logger }: HandOverDeps,
  ref: ObjectRef,
  identity: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const lease = await getIfThere(api, LEASES, ref, signal);
    const now = microTime(clock.now());
    const spec = {
      ...{
        holderIdentity: identity,
        leaseDurationSeconds: KEEP_OFF_SECONDS,
        acquireTime: now,
        renewTime: now,
      },
      leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + 1,
    };
    try {
      if (lease === undefined) await api.create(LEASES, { metadata: { ...ref }, spec }, { signal });
      else await api.replace(LEASES, { ...lease, spec }, { signal });
      const former = lease?.spec?.holderIdentity ?? '';
      logger.info('controllers kept off', { former, seconds: KEEP_OFF_SECONDS });
      if (former !== '' && former !== identity) await sleep(clock, LEADER_STOPS_MS, signal);
      return;
    } catch (error) {
      const kind = classifyKubeError(error);
      if (kind !== 'conflict' && kind !== 'exists') throw error;
    }
  }
}
