import type { Condition, IpFamily, ObjectRef, ServiceSpec } from '#lib/core/kubernetes.ts';
import type { Healthcheck } from '#lib/core/probe/probe.ts';

export const GROUP = 'network.deckhouse.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'ServiceWithHealthchecks';
export const PLURAL = 'servicewithhealthchecks';

/** Whether an existing Service is taken over: when it agrees with the object, whatever it says, or never. */
export type AdoptionPolicy = 'Adopt' | 'AdoptAlways' | 'Refuse';

/** What becomes of the Service when the object is deleted. */
export type DeletionPolicy = 'Delete' | 'Retain';

/** A ServiceWithHealthchecks after parsing: every default filled in, every rule held. */
export interface ServiceWithHealthchecks {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The Service part of the spec as the user wrote it. */
  readonly service: ServiceSpec;
  readonly healthcheck: Healthcheck;
  readonly adoptionPolicy: AdoptionPolicy;
  readonly deletionPolicy: DeletionPolicy;
  /** What the controller has said about it so far. */
  readonly observed: ObservedStatus;
}

/** The part of the status that the agents act on. */
export interface ObservedStatus {
  readonly conditions: readonly Condition[];
  /** Families of the child Service as the API server chose them; absent until the child exists. */
  readonly ipFamilies?: readonly IpFamily[];
}

/** One broken rule of one object: where, and what to write instead. */
export interface Violation {
  /** Path such as `spec.healthcheck.probes[0].http.path`. */
  readonly path: string;
  readonly message: string;
}
