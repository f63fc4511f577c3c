import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';

export const CHILD_SERVICE_READY = 'ChildServiceReady';
export const CHILD_SERVICE_CONFLICT = 'ChildServiceConflict';
/** A Service that was there before is being taken over: see `planTakeOver`. */
export const CHILD_SERVICE_ADOPTING = 'ChildServiceAdopting';
/** The Service is being given back to the standard controllers, and was: see `planHandOver`. */
export const CHILD_SERVICE_HANDING_OVER = 'ChildServiceHandingOver';
export const CHILD_SERVICE_HANDED_OVER = 'ChildServiceHandedOver';

/**
 * What may be done with the slices of an object: `publish` them; `agree`: publish only what the standard controllers
 * say too; `hold` what there is (no slice is created, existing ones are kept true); `withdraw` all of them.
 */
export type Publication = 'publish' | 'agree' | 'hold' | 'withdraw';

/**
 * Slices feed every Service of their name. So they are withdrawn while that Service is somebody else's
 * (`ChildServiceConflict`, `ChildServiceHandedOver`) and for type ExternalName, which has no endpoints. While the
 * standard controllers' slices stand beside ours, no address may be in both with different conditions: then only
 * endpoints in agreement are published. Until the controller has spoken, and while the object is being deleted, no
 * slice is created; the existing ones stay, because a Service that works must go on working.
 */
export function publicationOf(swh: ServiceWithHealthchecks): Publication {
  if (swh.service.type === 'ExternalName') return 'withdraw';
  const child = swh.observed.conditions.find(({ type }) => type === CHILD_SERVICE_READY);
  switch (child?.reason) {
    case CHILD_SERVICE_CONFLICT:
    case CHILD_SERVICE_HANDED_OVER:
      return 'withdraw';
    case CHILD_SERVICE_HANDING_OVER:
      return 'agree';
    case CHILD_SERVICE_ADOPTING:
      // Until it is said otherwise the Service may be the user's, or ours and fed by nobody else.
      return swh.isDeleting && swh.deletionPolicy === 'Delete' ? 'withdraw' : 'agree';
    case undefined:
      return 'hold';
    default:
      return swh.isDeleting ? 'hold' : 'publish';
  }
}
