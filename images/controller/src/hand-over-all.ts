import type { ObjectRef } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { applyOperation } from '#lib/hook/apply-operation.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { microTime } from '#lib/kube/micro-time.ts';
import { LEASES, ROLE_BINDINGS, ROLES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import { PROBE_SECRETS, probeSecretAccess } from '../../../hooks/probe-secret-access.ts';
import { HAND_OVER_POLL_MS, type HandOverDeps, handOverStep, setFinalizer } from './hand-over.ts';
import { getIfThere } from './service-feeds.ts';

export interface HandOverAllOptions {
  /** The Lease of the controllers; undefined: none runs. */
  readonly lease: ObjectRef | undefined;
  /** Different from that of every controller; the same for all who hand over. */
  readonly identity: string;
}

/** Objects that are worked on at once. */
const WORKERS = 8;

/**
 * How long no controller may lead afterwards: it would take everything over again. The module is uninstalled meanwhile
 * and its Lease with it; where it is not, the controllers go on when the time is over.
 */
export const KEEP_OFF_SECONDS = 600;

/** A leader that cannot renew stops itself after so long: see `LeaderElection`. */
const LEADER_STOPS_MS = 10_000;

/**
 * Gives the Services of all objects back to the standard controllers; resolves when nothing of ours feeds any Service,
 * no object waits for us any more, and no namespace holds a Role that lets agents read Secrets. Throws when something
 * could not be done; to be called again then.
 */
export async function handOverAll(
  deps: HandOverDeps,
  { lease, identity }: HandOverAllOptions,
  signal: AbortSignal,
): Promise<{ readonly objects: number }> {
  if (lease !== undefined) await keepControllersOff(deps, lease, identity, signal);
  const { items } = await deps.api.list(SERVICES_WITH_HEALTHCHECKS, {}, signal);
  const waiting = items.map(({ metadata: { namespace = '', name } }) => ({ namespace, name }));
  await Promise.all(Array.from({ length: WORKERS }, () => work(deps, waiting, signal)));
  await withdrawSecretAccess(deps, signal);
  return { objects: items.length };
}

async function work(deps: HandOverDeps, waiting: ObjectRef[], signal: AbortSignal): Promise<void> {
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) await handOver(deps, ref, signal);
}

async function handOver(deps: HandOverDeps, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const result = await handOverStep(deps, ref, signal).catch((error: unknown) => {
      const kind = classifyKubeError(error);
      // The next look sees what was in the way, or the API server is there again.
      if (kind === 'conflict' || kind === 'transient') return 'wait' as const;
      throw error;
    });
    if (result === 'finished') return await letGo(deps, ref, signal);
    if (result === 'wait') await sleep(deps.clock, HAND_OVER_POLL_MS, signal);
  }
}

/** Without the finalizer: nobody may be left who would take it off when the object is deleted. */
async function letGo(deps: HandOverDeps, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  const object = await getIfThere(deps.api, SERVICES_WITH_HEALTHCHECKS, ref, signal);
  if (object?.metadata.finalizers?.includes(HAND_OVER_FINALIZER) !== true) return;
  try {
    await setFinalizer(deps, object, false, signal);
  } catch (error) {
    const kind = classifyKubeError(error);
    if (kind === 'conflict') await letGo(deps, ref, signal);
    else if (kind !== 'not-found') throw error;
  }
}

async function withdrawSecretAccess({ api }: HandOverDeps, signal: AbortSignal): Promise<void> {
  const scope = { fieldSelector: `metadata.name=${PROBE_SECRETS}` };
  const [roles, bindings] = await Promise.all([
    api.list(ROLES, scope, signal),
    api.list(ROLE_BINDINGS, scope, signal),
  ]);
  const world = { roles: roles.items, 'role-bindings': bindings.items };
  for (const operation of probeSecretAccess.reconcile(world)) await applyOperation(api, operation, signal);
}

/** Takes the Lease from whoever holds it, and waits until the former holder must have noticed. */
async function keepControllersOff(
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
