import { setCondition } from '#lib/core/conditions.ts';
import type { Condition, EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { isChildOf } from '#lib/core/service/child-service.ts';
import { unknownServiceFields } from '#lib/core/service/unknown-fields.ts';
import type { ServiceWithHealthchecks, Violation } from '#lib/core/service-with-healthchecks.ts';
import { CONTEST_MS } from '../child-service/service-contests.ts';
import { endpointStatuses, podEndpoints } from './endpoint-statuses.ts';
import {
  CHILD_SERVICE_CONTESTED,
  CHILD_SERVICE_READY,
  FAIL_OPEN,
  FIELDS_KNOWN,
  STATUS_FIELDS,
  type Status,
} from './status.ts';
import {
  acceptedCondition,
  type ChildState,
  childServiceCondition,
  contestedCondition,
  failOpenCondition,
  fieldsKnownCondition,
  readyCondition,
} from './status-conditions.ts';

/** The whole world of one object. */
export interface StatusInput {
  readonly generation: number;
  readonly parsed:
    | {
        readonly kind: 'accepted';
        readonly swh: ServiceWithHealthchecks;
        /** Where the object is acted on otherwise than written. */
        readonly warnings: readonly Violation[];
        readonly child: ChildState;
      }
    | { readonly kind: 'rejected'; readonly violations: readonly Violation[] };
  /** Fields of its manifest that the API server has removed: see `lostFields`. */
  readonly lostFields: readonly string[];
  /** Slices of the object, by all nodes. */
  readonly slices: readonly EndpointSlice[];
  /** The Service of the object's name, if there is one. */
  readonly service?: Service;
  readonly previous: Status;
  readonly now: Date;
}

/**
 * The status that the object should have. A rejected object keeps what was said about its child Service, its
 * addresses and its fail-open policy, because nothing about them changes while it is rejected.
 */
export function aggregateStatus(input: StatusInput): Status {
  const pods = podEndpoints(input.slices);
  const ready = pods.filter((pod) => pod.ready).length;
  return {
    ...carriedOver(input),
    conditions: conditions(input, pods),
    endpoints: `${ready}/${pods.length}`,
    healthcheckCondition: {
      observedGeneration: input.generation,
      endpoints: pods.length,
      readyEndpoints: ready,
    },
    endpointStatuses: endpointStatuses(pods, input.previous.endpointStatuses ?? [], input.now),
  };
}

/** Body of a merge patch from one status to another: whole fields; undefined when they say the same. */
export function statusPatch(previous: Status, next: Status): Readonly<Record<string, unknown>> | undefined {
  const changed = STATUS_FIELDS.filter((field) => !sameJson(previous[field], next[field]));
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((field) => [field, next[field] ?? null]));
}

/** Condition that an earlier implementation wrote under another name. */
const OBSOLETE_CONDITION = 'ChildService';

function conditions(input: StatusInput, pods: ReturnType<typeof podEndpoints>): readonly Condition[] {
  const { parsed, generation, now } = input;
  const isAccepted = parsed.kind === 'accepted';
  const verdicts = [
    isAccepted ? acceptedCondition([], parsed.warnings) : acceptedCondition(parsed.violations, []),
    readyCondition(pods, isAccepted && parsed.swh.service.type === 'ExternalName'),
    isAccepted ? childServiceCondition(parsed.child) : undefined,
    isAccepted ? contestedCondition(parsed.child) : undefined,
    isAccepted ? failOpenCondition(parsed.swh, pods) : undefined,
    fieldsKnownCondition({ kept: unknownFieldsOf(input), lost: input.lostFields }),
  ].filter((verdict) => verdict !== undefined);
  const hasFailOpen = !isAccepted || verdicts.some(({ type }) => type === FAIL_OPEN);
  const isUnknown = verdicts.some(({ type }) => type === FIELDS_KNOWN);
  const kept = (input.previous.conditions ?? []).filter(
    (condition) =>
      condition.type !== OBSOLETE_CONDITION &&
      (condition.type !== FAIL_OPEN || hasFailOpen) &&
      (condition.type !== CHILD_SERVICE_CONTESTED || isOfLate(condition, now)) &&
      (condition.type !== FIELDS_KNOWN || isUnknown),
  );
  return verdicts.reduce<readonly Condition[]>((list, verdict) => {
    const observedGeneration = generationOf(verdict, input) ?? generation;
    return setCondition(list, { ...verdict, observedGeneration }, now);
  }, kept);
}

/**
 * What is said of the child belongs to the generation that the Service reflects, not to the one that was read: agents go by
 * it (see `underFormerPorts`).
 */
function generationOf(
  { type }: { readonly type: string },
  { parsed, previous }: StatusInput,
): number | undefined {
  const isBehind = parsed.kind === 'accepted' && parsed.child.decision.kind === 'update';
  if (type !== CHILD_SERVICE_READY || !isBehind) return undefined;
  return previous.conditions?.find((one) => one.type === type)?.observedGeneration;
}

/** A controller that has just started knows of no contest: what was said lately stays for as long as it would have. */
function isOfLate({ lastTransitionTime }: Condition, now: Date): boolean {
  return now.getTime() - Date.parse(lastTransitionTime) < CONTEST_MS;
}

/** The child, or the Service that becomes it; undefined for one that is somebody else's. */
function observedService({ parsed, service }: StatusInput): Service | undefined {
  if (parsed.kind === 'rejected' || service === undefined) return undefined;
  const isExpected = parsed.child.decision.kind === 'takeOver';
  return isExpected || isChildOf(parsed.swh, service) ? service : undefined;
}

function unknownFieldsOf(input: StatusInput): readonly string[] {
  const service = observedService(input);
  return service === undefined ? [] : unknownServiceFields(service.spec);
}

/** What is observed of the child, and of the Service that becomes it; nothing of one that is somebody else's. */
function carriedOver(input: StatusInput): Status {
  const { parsed, previous } = input;
  if (parsed.kind === 'rejected') {
    const { clusterIP, clusterIPs, ipFamilies, loadBalancer } = previous;
    return withoutUndefined({ clusterIP, clusterIPs, ipFamilies, loadBalancer });
  }
  const service = observedService(input);
  if (service === undefined) return {};
  const { clusterIP, clusterIPs, ipFamilies, type } = service.spec;
  return withoutUndefined({
    clusterIP: clusterIP || undefined,
    clusterIPs,
    ipFamilies,
    loadBalancer: type === 'LoadBalancer' ? service.status?.loadBalancer : undefined,
  });
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function withoutUndefined(status: Loose<Status>): Status {
  const present = Object.entries(status).filter(([, value]) => value !== undefined);
  // Same keys and values, only fewer of them; `Object.fromEntries` cannot say so.
  return Object.fromEntries(present) as Status;
}
