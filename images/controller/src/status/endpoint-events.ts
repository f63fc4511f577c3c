import type { Condition } from '#lib/core/kubernetes.ts';
import { CHILD_SERVICE_ADOPTING } from '#lib/core/slice/publication.ts';
import { CHILD_SERVICE_CONTESTED, type EndpointStatus, FAIL_OPEN, type Status } from './status.ts';

/** An event about an object, to be recorded. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning';
  /** One word for programs. */
  readonly reason: string;
  readonly action: string;
  /** One sentence for people. */
  readonly note: string;
}

/**
 * What happened between two statuses of one object: a condition changed its status or reason, an endpoint became
 * ready or stopped being so. An endpoint that starts out not ready is no event.
 */
export function eventsBetween(previous: Status, next: Status): readonly StatusEvent[] {
  return [...conditionEvents(previous, next), ...endpointEvents(previous, next)];
}

function conditionEvents(previous: Status, next: Status): readonly StatusEvent[] {
  const before = new Map((previous.conditions ?? []).map((condition) => [condition.type, condition]));
  return (next.conditions ?? []).filter((one) => isTransition(before.get(one.type), one)).map(conditionEvent);
}

function isTransition(before: Condition | undefined, after: Condition): boolean {
  if (before === undefined)
    return isGood(after) ? after.type === 'ChildServiceReady' : after.type !== 'Ready';
  return before.status !== after.status || before.reason !== after.reason;
}

function conditionEvent(condition: Condition): StatusEvent {
  const { reason, message: note } = condition;
  return { type: isGood(condition) ? 'Normal' : 'Warning', reason, action: 'UpdateStatus', note };
}

/** Every condition is good when true, and while a take-over runs; fail-open in force and a contest are reasons to look. */
function isGood({ type, status, reason }: Condition): boolean {
  if (type === CHILD_SERVICE_CONTESTED) return false;
  return type === FAIL_OPEN ? status === 'False' : status === 'True' || reason === CHILD_SERVICE_ADOPTING;
}

function endpointEvents(previous: Status, next: Status): readonly StatusEvent[] {
  const before = new Map((previous.endpointStatuses ?? []).map((status) => [status.podName, status]));
  return (next.endpointStatuses ?? [])
    .filter((after) => (before.get(after.podName)?.ready ?? false) !== after.ready)
    .map(endpointEvent);
}

function endpointEvent({ podName, ready, message }: EndpointStatus): StatusEvent {
  return ready
    ? { type: 'Normal', reason: 'EndpointReady', action: 'Probe', note: `pod ${podName} is ready` }
    : {
        type: 'Warning',
        reason: 'EndpointNotReady',
        action: 'Probe',
        note: `pod ${podName} is not ready: ${message ?? 'no reason is known'}`,
      };
}
