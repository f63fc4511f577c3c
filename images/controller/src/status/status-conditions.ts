import type { ConditionUpdate } from '#lib/core/conditions.ts';
import type { FailOpen } from '#lib/core/probe/probe.ts';
import type { ChildServiceDecision } from '#lib/core/service/child-service.ts';
import type { ServiceWithHealthchecks, Violation } from '#lib/core/service-with-healthchecks.ts';
import { timestamp } from '#lib/core/timestamp.ts';
import type { TakeOverState } from '../changing-hands/take-over-progress.ts';
import type { Contest } from '../child-service/service-contests.ts';
import type { PodEndpoint } from './endpoint-statuses.ts';
import {
  ACCEPTED,
  CHILD_SERVICE_CONTESTED,
  CHILD_SERVICE_READY,
  type ConditionReason,
  FAIL_OPEN,
  FIELDS_KNOWN,
  READY,
} from './status.ts';

/** A condition without the times: those follow from what was there before. */
export type Verdict = Omit<ConditionUpdate, 'observedGeneration' | 'reason'> & {
  readonly reason: ConditionReason;
};

/** What is known about the child Service. */
export interface ChildState {
  readonly decision: ChildServiceDecision;
  /** Present until it has been seen that nothing but our slices feeds the Service. */
  readonly takeOver?: TakeOverState;
  /** Present when somebody has set the selector of the child lately. */
  readonly contest?: Contest;
  /** Why the last write failed, in the API server's words; absent when it did not. */
  readonly error?: string;
}

/**
 * Whether the object can be worked with; all that is wrong with it, or acted on otherwise than written, in one
 * message.
 */
export function acceptedCondition(violations: readonly Violation[], warnings: readonly Violation[]): Verdict {
  if (violations.length > 0) {
    return { type: ACCEPTED, status: 'False', reason: 'InvalidSpec', message: clip(listOf(violations)) };
  }
  const remarks = warnings.length === 0 ? '' : `; ${listOf(warnings)}`;
  const message = clip(`The specification is valid${remarks}`);
  return { type: ACCEPTED, status: 'True', reason: 'Accepted', message };
}

function listOf(violations: readonly Violation[]): string {
  return violations.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

/** Whether the child Service is as requested; undefined while its first write is under way. */
export function childServiceCondition(child: ChildState): Verdict | undefined {
  const { decision, error, takeOver } = child;
  if (decision.kind === 'conflict') return childNotReady('ChildServiceConflict', decision.message);
  if (error !== undefined && decision.kind !== 'inSync') {
    return childNotReady('ChildServiceWasNotCreated', error);
  }
  switch (decision.kind) {
    case 'waiting':
      return childNotReady('ChildServiceWasNotCreated', decision.message);
    case 'clusterIpImmutable':
      return childNotReady('ChildServiceClusterIPImmutable', decision.message);
    case 'create':
      return undefined;
    case 'takeOver':
      return adopting(takeOver);
    default:
      return provenCondition(child);
  }
}

/** A Service that is ours is ready as soon as nothing but our slices feeds it. */
function provenCondition({ takeOver }: ChildState): Verdict {
  if (takeOver !== undefined && takeOver.kind !== 'clear') return adopting(takeOver);
  return {
    type: CHILD_SERVICE_READY,
    status: 'True',
    reason: 'ChildServiceWasCreated',
    message: 'Service was created successfully',
  };
}

function adopting(takeOver: TakeOverState | undefined): Verdict {
  const detail = takeOver?.kind === 'underWay' ? takeOver.message : 'what feeds it is being looked at';
  return childNotReady('ChildServiceAdopting', `the existing Service is being taken over: ${detail}`);
}

/** Whether somebody else deploys the child Service too; undefined when nobody does. */
export function contestedCondition({ contest }: ChildState): Verdict | undefined {
  if (contest === undefined) return undefined;
  const who = contest.tool ?? 'somebody';
  const message =
    `the selector of the Service was set at ${timestamp(contest.at)} and removed again: ` +
    `${who} still deploys the Service; take it out there, or give the Service back`;
  return { type: CHILD_SERVICE_CONTESTED, status: 'True', reason: 'SelectorWasSet', message: clip(message) };
}

/** Whether every endpoint gets traffic. */
export function readyCondition(pods: readonly PodEndpoint[], isExternalName: boolean): Verdict {
  if (isExternalName) {
    return readiness('True', 'AllEndpointsAreReady', 'a Service of type ExternalName has no endpoints');
  }
  if (pods.length === 0) {
    return readiness(
      'False',
      'NotAllEndpointsAreReady',
      'there are no endpoints: no running pod matches the selector',
    );
  }
  const ready = pods.filter((pod) => pod.ready).length;
  const message = `${ready} of ${pods.length} endpoints are ready`;
  return ready === pods.length
    ? readiness('True', 'AllEndpointsAreReady', message)
    : readiness('False', 'NotAllEndpointsAreReady', message);
}

/**
 * Whether the fail-open policy is in force; undefined where there is none. Judged by what the probes really say:
 * what the policy itself publishes must not end it.
 */
export function failOpenCondition(
  swh: ServiceWithHealthchecks,
  pods: readonly PodEndpoint[],
): Verdict | undefined {
  const { failOpen, probes } = swh.healthcheck;
  if (failOpen.type === 'None' || probes.length === 0) return undefined;
  const up = pods.filter((pod) => pod.isReallyUp).length;
  const isInForce = pods.length > 0 && up < fewestUp(failOpen);
  const found = `${up} of ${pods.length} endpoints are up`;
  return isInForce
    ? {
        type: FAIL_OPEN,
        status: 'True',
        reason: 'TooFewEndpointsUp',
        message: `${found}: policy ${failOpen.type} keeps endpoints ready although their probes fail`,
      }
    : { type: FAIL_OPEN, status: 'False', reason: 'EnoughEndpointsUp', message: found };
}

/** Fields that are there or were written, and that this version does not know. */
export interface UnknownFields {
  /** Of the Service: kept, not managed. */
  readonly kept: readonly string[];
  /** Of the object's manifest: removed by the API server. */
  readonly lost: readonly string[];
}

/** Names the fields that this version does not know; undefined where there are none. */
export function fieldsKnownCondition({ kept, lost }: UnknownFields): Verdict | undefined {
  const remarks = [
    ...(kept.length === 0
      ? []
      : [
          `of the Service, kept as they are and not managed: ${kept.map((field) => `spec.${field}`).join(', ')}`,
        ]),
    ...(lost.length === 0
      ? []
      : [
          `of the manifest applied last, without effect because the API server has removed them: ${lost.join(', ')}`,
        ]),
  ];
  if (remarks.length === 0) return undefined;
  const message = clip(`this version does not know these fields: ${remarks.join('; ')}`);
  return { type: FIELDS_KNOWN, status: 'False', reason: 'UnknownFields', message };
}

function fewestUp(failOpen: FailOpen): number {
  return failOpen.type === 'MinimumReady' ? failOpen.minimum : 1;
}

function childNotReady(reason: ConditionReason, message: string): Verdict {
  return { type: CHILD_SERVICE_READY, status: 'False', reason, message: clip(message) };
}

function readiness(status: 'True' | 'False', reason: ConditionReason, message: string): Verdict {
  return { type: READY, status, reason, message };
}

/** The longest message of a condition, by the rules of metav1.Condition. */
const LONGEST_MESSAGE = 32_768;

function clip(message: string): string {
  return message.slice(0, LONGEST_MESSAGE);
}
