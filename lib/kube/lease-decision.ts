import type { Lease } from '#lib/core/kubernetes.ts';
import { microTime } from './micro-time.ts';

/** A Lease as this process saw it, and since when it has seen no other version, in its own monotonic time. */
export interface ObservedLease {
  readonly lease: Lease;
  readonly sinceMs: number;
}

/** The process that asks, and its clocks. */
export interface Candidate {
  readonly identity: string;
  readonly durationSeconds: number;
  readonly monotonicMs: number;
  readonly now: Date;
}

export type LeaseDecision =
  | { readonly kind: 'wait'; readonly holder: string }
  /** Write this spec, conditional on the observed version. Whoever succeeds holds the Lease. */
  | { readonly kind: 'hold'; readonly spec: NonNullable<Lease['spec']> };

/**
 * Whether to take or renew the Lease. Another's Lease is over when it has stood unchanged for its duration *as
 * measured here*: the times inside it are never compared with this machine's, so clocks may differ.
 */
export function decideLease(observed: ObservedLease | undefined, candidate: Candidate): LeaseDecision {
  const { identity, durationSeconds, monotonicMs } = candidate;
  const spec = observed?.lease.spec;
  const holder = spec?.holderIdentity ?? '';
  const now = microTime(candidate.now);
  if (holder === identity)
    return { kind: 'hold', spec: { ...spec, leaseDurationSeconds: durationSeconds, renewTime: now } };
  const lastsMs = (spec?.leaseDurationSeconds ?? durationSeconds) * 1000;
  if (observed !== undefined && holder !== '' && monotonicMs < observed.sinceMs + lastsMs) {
    return { kind: 'wait', holder };
  }
  return {
    kind: 'hold',
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: durationSeconds,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: spec === undefined ? 0 : (spec.leaseTransitions ?? 0) + 1,
    },
  };
}

/** The spec that lets another take over at once. */
export function releasedSpec(lease: Lease, now: Date): NonNullable<Lease['spec']> {
  return { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) };
}

/** What is known after a read: an unchanged version keeps its age. */
export function observe(
  previous: ObservedLease | undefined,
  lease: Lease,
  monotonicMs: number,
): ObservedLease {
  const { uid, resourceVersion } = lease.metadata;
  const known = previous?.lease.metadata;
  const isSame = known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion;
  return isSame && previous !== undefined ? previous : { lease, sinceMs: monotonicMs };
}
