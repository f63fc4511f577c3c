import type { Service, ServiceSpec } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { controllerOf, pointsAt } from '#lib/core/service/child-service-metadata.ts';
import { desiredChildSpec, mustBeMadeAnew, specPatch } from '#lib/core/service/child-service-spec.ts';
import { unknownServiceFields } from '#lib/core/service/unknown-fields.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';

/** Whose Service stands under the name of an object. */
export type Adoption =
  /** The object's own, or nobody's and like it in everything: it is written to at once. */
  | { readonly kind: 'ours' }
  /** Nobody's, with endpoints of its own that must not be missed for a moment: see `planTakeOver`. */
  | { readonly kind: 'takeOver' }
  | { readonly kind: 'conflict'; readonly message: string };

const ADVICE = 'delete the Service or rename the ServiceWithHealthchecks';

/** Who may write to the Service: its controller, and where it has none whoever the adoption policy lets. */
export function adoptionOf(swh: ServiceWithHealthchecks, current: Service): Adoption {
  const name = `Service ${swh.ref.namespace}/${swh.ref.name}`;
  const controller = controllerOf(current.metadata);
  if (controller !== undefined) {
    if (pointsAt(controller, swh.ref.name)) return { kind: 'ours' };
    return conflict(`${name} is controlled by ${controller.kind} ${controller.name}; ${ADVICE}`);
  }
  if (swh.adoptionPolicy === 'Refuse') {
    return conflict(`${name} exists, and adoptionPolicy Refuse forbids to take it over; ${ADVICE}`);
  }
  if (mustBeMadeAnew(swh.service, current.spec)) {
    return conflict(
      `${name} exists with a different spec (addresses or families, which cannot change) and belongs to nobody; ${ADVICE}`,
    );
  }
  const fields = differences(swh.service, current.spec);
  if (fields.length > 0 && swh.adoptionPolicy !== 'AdoptAlways') {
    const list = fields.join(', ');
    return conflict(
      `${name} exists with a different spec (${list}) and belongs to nobody; ${ADVICE}, ` +
        'make the two agree, or write adoptionPolicy: AdoptAlways',
    );
  }
  return { kind: hasSelector(current.spec) ? 'takeOver' : 'ours' };
}

/** Whether the standard controllers keep endpoints for the Service. */
export function hasSelector({ selector }: ServiceSpec): boolean {
  return Object.keys(selector ?? {}).length > 0;
}

/** Whether the Service selects the pods that the object selects. */
export function hasSameSelector(wanted: ServiceSpec, current: ServiceSpec): boolean {
  return sameJson(wanted.selector ?? {}, current.selector ?? {});
}

/**
 * Fields in which the Service is not what the object describes; a Service without selector lacks none. A field that is not
 * known here is one: what it means for the Service, nobody can say.
 */
function differences(wanted: ServiceSpec, current: ServiceSpec): readonly string[] {
  const { selector: _, ...rest } = current;
  const fields = Object.keys(specPatch(desiredChildSpec(wanted, current), rest) ?? {});
  const isOtherSelector = hasSelector(current) && !hasSameSelector(wanted, current);
  const unknown = unknownServiceFields(current).map((field) => `${field}, which this version does not know`);
  return [...[...fields, ...(isOtherSelector ? ['selector'] : [])].toSorted(), ...unknown];
}

function conflict(message: string): Adoption {
  return { kind: 'conflict', message };
}
