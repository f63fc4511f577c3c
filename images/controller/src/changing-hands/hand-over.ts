import { readObservedStatus } from '#lib/api/observed-status.ts';
import { selectorOf } from '#lib/api/selector-of.ts';
import type { ObjectRef } from '#lib/core/kubernetes.ts';
import { controllerOf, pointsAt } from '#lib/core/service/child-service-metadata.ts';
import {
  announcedConditions,
  HAND_OVER_FINALIZER,
  type HandOverStep,
  planHandOver,
} from '#lib/core/service/hand-over.ts';
import { CHILD_SERVICE_HANDING_OVER, CHILD_SERVICE_READY } from '#lib/core/slice/publication.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import {
  ENDPOINT_SLICES,
  SERVICES,
  SERVICES_WITH_HEALTHCHECKS,
  type UncheckedServiceWithHealthchecks,
} from '#lib/kube/resources.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import { deleteAll, getIfThere, listSlices } from './service-feeds.ts';

export interface HandOverDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Waits are short: nothing tells when the standard slices are there. */
export const HAND_OVER_POLL_MS = 100;

/**
 * Makes one step of giving the Service of an object back: see `planHandOver`. Everything is read from the API server,
 * nothing remembered. `finished`: nothing of ours is left, or the object is gone.
 */
export async function handOverStep(
  deps: HandOverDeps,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<'again' | 'wait' | 'finished'> {
  const { api, clock, logger } = deps;
  const object = await getIfThere(api, SERVICES_WITH_HEALTHCHECKS, ref, signal);
  if (object === undefined) return 'finished';
  const [service, slices] = await Promise.all([
    getIfThere(api, SERVICES, ref, signal),
    listSlices(api, ref, signal),
  ]);
  const step = planHandOver({
    ...{ ref, service, slices, now: clock.now() },
    uid: object.metadata.uid ?? '',
    selector: selectorOf(object),
    conditions: readObservedStatus(object).conditions,
  });
  const key = `${ref.namespace}/${ref.name}`;
  if (step.kind === 'wait') logger.debug('hand-over waits', { key, reason: step.message });
  else logger.info('hand-over step', { key, step: step.kind });
  return perform(deps, { object, ref, step }, signal);
}

/** Whether the Service of the object has been given its selector back and our slices may still be needed. */
export async function isReleased(
  { api }: HandOverDeps,
  object: UncheckedServiceWithHealthchecks,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace = '', name } = object.metadata;
  const child = readObservedStatus(object).conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  if (child?.reason !== CHILD_SERVICE_HANDING_OVER) return false;
  const service = await getIfThere(api, SERVICES, { namespace, name }, signal);
  const owner = service && controllerOf(service.metadata);
  return service !== undefined && !(owner !== undefined && pointsAt(owner, name));
}

/** Lets a deleted object go, or keeps one from going before its Service has been given back. */
export async function setFinalizer(
  { api }: HandOverDeps,
  object: UncheckedServiceWithHealthchecks,
  isWanted: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, resourceVersion, finalizers = [] } = object.metadata;
  const others = finalizers.filter((one) => one !== HAND_OVER_FINALIZER);
  const next = isWanted ? [...others, HAND_OVER_FINALIZER] : others;
  const body = { metadata: { resourceVersion, finalizers: next } };
  await api.mergePatch(SERVICES_WITH_HEALTHCHECKS, { namespace, name }, body, { signal });
}

interface Performance {
  readonly object: UncheckedServiceWithHealthchecks;
  readonly ref: ObjectRef;
  readonly step: HandOverStep;
}

async function perform(
  deps: HandOverDeps,
  { object, ref, step }: Performance,
  signal: AbortSignal,
): Promise<'again' | 'wait' | 'finished'> {
  switch (step.kind) {
    case 'announce':
      await announce(deps, object, step, signal);
      return 'again';
    case 'release':
      await deps.api.mergePatch(SERVICES, ref, step.patch, { signal });
      return 'again';
    case 'withdraw':
      await deleteAll(deps.api, ENDPOINT_SLICES, step.slices, signal);
      return 'again';
    case 'wait':
      return 'wait';
    case 'finish':
      return 'finished';
  }
}

async function announce(
  { api, clock }: HandOverDeps,
  object: UncheckedServiceWithHealthchecks,
  { reason }: Extract<HandOverStep, { readonly kind: 'announce' }>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name, resourceVersion, generation = 0 } = object.metadata;
  const { conditions: before } = readObservedStatus(object);
  const conditions = announcedConditions(before, { reason, generation }, clock.now());
  const body = { metadata: { resourceVersion }, status: { conditions } };
  await api.mergePatch(SERVICES_WITH_HEALTHCHECKS, { namespace, name }, body, {
    subresource: 'status',
    signal,
  });
}
