import type { ObjectRef } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { applyOperation } from '#lib/hook/apply-operation.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { ROLE_BINDINGS, ROLES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import { PROBE_SECRETS, probeSecretAccess } from '../../../../hooks/probe-secret-access.ts';
import { HAND_OVER_POLL_MS, type HandOverDeps, handOverStep, setFinalizer } from './hand-over.ts';
import { keepControllersOff } from './keep-controllers-off.ts';
import { getIfThere } from './service-feeds.ts';

export interface HandOverAllOptions {
  /** The Lease of the controllers; undefined: none runs. */
  readonly lease: ObjectRef | undefined;
  /** Different from that of every controller; the same for all who hand over. */
  readonly identity: string;
}

/** Objects that are looked at at once. */
const WORKERS = 8;

/** What waits is looked at again after times that grow: many may wait for one controller that is slow. */
const LONGEST_POLL_MS = 2_000;
const POLL_GROWTH = 1.5;

/**
 * Gives the Services of all objects back to the standard controllers; resolves when nothing of ours feeds any Service,
 * no object waits for us any more, and no namespace holds a Role that lets agents read Secrets. What cannot be given back
 * keeps nothing else waiting; throws at the end, and at the signal, with a message that names it. To be called again then:
 * it goes on where it was.
 */
export async function handOverAll(
  deps: HandOverDeps,
  { lease, identity }: HandOverAllOptions,
  signal: AbortSignal,
): Promise<{ readonly objects: number }> {
  if (lease !== undefined) await keepControllersOff(deps, lease, identity, signal);
  const { items } = await deps.api.list(SERVICES_WITH_HEALTHCHECKS, {}, signal);
  const queue = items.map(({ metadata: { namespace = '', name } }) => ({
    ref: { namespace, name },
    pollMs: HAND_OVER_POLL_MS,
    dueMs: 0,
  }));
  const tally: Tally = { done: 0, failures: [] };
  await Promise.all(Array.from({ length: WORKERS }, () => work(deps, queue, tally, signal)));
  if (signal.aborted || tally.failures.length > 0) {
    throw new Error(reportOf(tally, items.length, signal.aborted));
  }
  await withdrawSecretAccess(deps, signal);
  return { objects: items.length };
}

/** An object whose Service is being given back, and when to look at it again, monotonic. */
interface Task {
  readonly ref: ObjectRef;
  readonly pollMs: number;
  readonly dueMs: number;
}

interface Tally {
  done: number;
  /** One sentence each, which names the object. */
  readonly failures: string[];
}

/** What waits for others makes room for the next. */
async function work(deps: HandOverDeps, queue: Task[], tally: Tally, signal: AbortSignal): Promise<void> {
  const { clock } = deps;
  for (let task = queue.shift(); task !== undefined && !signal.aborted; task = queue.shift()) {
    const { ref, pollMs, dueMs } = task;
    if (dueMs > clock.monotonicMs()) await sleep(clock, dueMs - clock.monotonicMs(), signal);
    try {
      if (await handOver(deps, ref, signal)) tally.done += 1;
      else {
        const next = Math.min(pollMs * POLL_GROWTH, LONGEST_POLL_MS);
        queue.push({ ref, pollMs: next, dueMs: clock.monotonicMs() + pollMs });
      }
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      tally.failures.push(`${ref.namespace}/${ref.name}: ${message}`);
      deps.logger.error('hand-over given up', { key: `${ref.namespace}/${ref.name}`, error: message });
    }
  }
}

/** Goes as far as it goes at the moment; true when the Service has been given back. */
async function handOver(deps: HandOverDeps, ref: ObjectRef, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false;
    const result = await handOverStep(deps, ref, signal).catch((error: unknown) => {
      const kind = classifyKubeError(error);
      // The next look sees what was in the way, or the API server is there again.
      if (kind === 'conflict' || kind === 'transient') return 'wait' as const;
      throw error;
    });
    if (result === 'wait') return false;
    if (result === 'finished') {
      await letGo(deps, ref, signal);
      return true;
    }
  }
}

const MOST_NAMES = 10;

function reportOf({ done, failures }: Tally, total: number, isInterrupted: boolean): string {
  const shown = failures.slice(0, MOST_NAMES).join('; ');
  const more = failures.length > MOST_NAMES ? `; and ${failures.length - MOST_NAMES} more` : '';
  const what = isInterrupted ? 'interrupted: ' : '';
  const why = failures.length === 0 ? '' : `; refused: ${shown}${more}`;
  return `${what}${done} of ${total} Services were given back${why}; run it again to go on`;
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
