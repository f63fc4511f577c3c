import type { Condition, IpFamily, LoadBalancerStatus } from '#lib/core/kubernetes.ts';

/** `status` of a ServiceWithHealthchecks as the controller writes it. The controller is its only writer. */
export interface Status {
  readonly conditions?: readonly Condition[];
  /** Ready endpoints of all endpoints, such as `2/3`: for the printer column. */
  readonly endpoints?: string;
  readonly healthcheckCondition?: HealthcheckCondition;
  readonly endpointStatuses?: readonly EndpointStatus[];
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly IpFamily[];
  readonly loadBalancer?: LoadBalancerStatus;
}

export interface HealthcheckCondition {
  readonly observedGeneration: number;
  readonly endpoints: number;
  readonly readyEndpoints: number;
}

/** What is known about one pod. `podName` is the list key: no two entries have the same. */
export interface EndpointStatus {
  readonly podName: string;
  readonly nodeName?: string;
  readonly ready: boolean;
  readonly probesSuccessful: boolean;
  /** `mode:address:port` of each probe that does not pass. */
  readonly failedProbes?: readonly string[];
  /** Why the endpoint is not ready; absent when it is. */
  readonly message?: string;
  /** RFC 3339; changes with `ready` only. */
  readonly lastTransitionTime: string;
}

/** Status fields that this controller writes; others, if any, are left alone. */
export const STATUS_FIELDS = [
  'conditions',
  'endpoints',
  'healthcheckCondition',
  'endpointStatuses',
  'clusterIP',
  'clusterIPs',
  'ipFamilies',
  'loadBalancer',
] as const satisfies readonly (keyof Status)[];

/** Condition types, reasons and their meaning are part of the contract with users: add, never rename. */
export const ACCEPTED = 'Accepted';
export const CHILD_SERVICE_READY = 'ChildServiceReady';
/** Present while somebody else deploys the child Service too. */
export const CHILD_SERVICE_CONTESTED = 'ChildServiceContested';
export const FAIL_OPEN = 'FailOpen';
/** Present only while there is a field that is not known; then it is false. */
export const FIELDS_KNOWN = 'FieldsKnown';
export const READY = 'Ready';

export const CONDITION_REASONS = [
  'Accepted',
  'InvalidSpec',
  'ChildServiceWasCreated',
  'ChildServiceWasNotCreated',
  'ChildServiceConflict',
  'ChildServiceClusterIPImmutable',
  'ChildServiceAdopting',
  'SelectorWasSet',
  'AllEndpointsAreReady',
  'NotAllEndpointsAreReady',
  'TooFewEndpointsUp',
  'EnoughEndpointsUp',
  'UnknownFields',
] as const;

export type ConditionReason = (typeof CONDITION_REASONS)[number];
