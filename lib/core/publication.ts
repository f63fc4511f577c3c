import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';

export const CHILD_SERVICE_READY = 'ChildServiceReady';
export const CHILD_SERVICE_CONFLICT = 'ChildServiceConflict';

/**
 * What may be done with the slices of an object: `publish` them; `hold` what there is (no slice is created,
 * existing ones are kept true); `withdraw` all of them.
 */
export type Publication = 'publish' | 'hold' | 'withdraw';

/**
 * Slices feed every Service of their name. So they are withdrawn while that Service is somebody else's
 * (`ChildServiceConflict`) and for type ExternalName, which has no endpoints. Until the controller has spoken, and
 * while the object is being deleted, no slice is created; the existing ones stay, because a Service that
 * works must go on working.
 */
export function publicationOf(swh: ServiceWithHealthchecks): Publication {
  if (swh.service.type === 'ExternalName') return 'withdraw';
  const child = swh.observed.conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  if (child?.reason === CHILD_SERVICE_CONFLICT) return 'withdraw';
  return swh.isDeleting || child === undefined ? 'hold' : 'publish';
}
