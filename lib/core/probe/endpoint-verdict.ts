import type { IpFamily } from '#lib/core/kubernetes.ts';

/** Why one probe of an endpoint is not up, in the words of its last outcome. */
export interface FailedProbe {
  /** Position in `spec.healthcheck.probes`. */
  readonly index: number;
  /** `mode:address:port`, mode in lower case: the form of `failedProbes` in the status. */
  readonly probe: string;
  readonly message: string;
}

/** What the probes of one object say about one address of one pod. */
export interface EndpointVerdict {
  readonly isUp: boolean;
  /** Whether it has been up since the pod's containers started. */
  readonly hasBeenUp: boolean;
  /** When `isUp` last changed, RFC 3339. */
  readonly since: string;
  /** Probes that are not up; may be non-empty while `isUp` (requirement Any or AtLeast). */
  readonly failed: readonly FailedProbe[];
}

/** Looks up the verdict of an endpoint; absent: nothing known yet, the endpoint starts down. */
export type VerdictLookup = (podUid: string, family: IpFamily) => EndpointVerdict | undefined;

/** Content of the probe-results annotation: the verdicts behind one slice, by pod name. */
export interface ProbeResults {
  /** Hash of the probe definitions that the verdicts belong to. */
  readonly definition: string;
  readonly pods: Readonly<Record<string, EndpointVerdict & { readonly uid: string }>>;
}
