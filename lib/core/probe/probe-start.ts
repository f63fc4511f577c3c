import type { EndpointVerdict, FailedProbe } from '#lib/core/probe/endpoint-verdict.ts';
import type { FirstRun } from '#lib/core/probe/schedule.ts';
import type { TrackedProbe } from '#lib/core/probe/target-tracker.ts';
import { inherited, restored, START, type VerdictState } from '#lib/core/probe/verdict.ts';

/** What a probe that does not run yet begins with. */
export interface ProbeStart {
  readonly firstRun: FirstRun;
  readonly state: VerdictState;
}

/** What is known about an endpoint before its probe begins. */
export type Known =
  | { readonly from: 'nothing' }
  /** This process has probed the endpoint, by `probes`. */
  | {
      readonly from: 'definition';
      readonly verdict: EndpointVerdict;
      readonly probes: readonly TrackedProbe[];
    }
  /** An earlier process has published the verdict; by the same definition or by another. */
  | { readonly from: 'slice'; readonly verdict: EndpointVerdict; readonly isSameDefinition: boolean };

const UNKNOWN: ProbeStart = { firstRun: 'unknown', state: START };

/**
 * The start of the probe at `index`. An endpoint that is up stays up until its probe has failed: the verdict of the
 * whole endpoint is inherited, since the definition that gave the parts is gone. A container that has been
 * restarted has nothing to inherit.
 */
export function probeStart(probe: TrackedProbe, index: number, known: Known): ProbeStart {
  if (known.from === 'nothing') return UNKNOWN;
  const failed = known.verdict.failed.find((one) => one.index === index);
  if (known.from === 'definition') {
    return isRestarted(known.probes[index], probe) ? UNKNOWN : inheritedStart(known.verdict, failed);
  }
  if (!known.isSameDefinition || isOlderThan(probe, known.verdict))
    return inheritedStart(known.verdict, failed);
  const state = failed === undefined ? restored('up') : restored('down', failed.message);
  return { firstRun: 'restored', state };
}

function inheritedStart({ isUp }: EndpointVerdict, failed: FailedProbe | undefined): ProbeStart {
  return { firstRun: 'inherited', state: inherited(isUp ? 'up' : 'down', failed?.message) };
}

/** Whether the container behind the port is another one than before. */
export function isRestarted(before: TrackedProbe | undefined, after: TrackedProbe): boolean {
  if (before === undefined || after.kind === 'blocked') return false;
  if (before.kind === 'blocked') return true;
  return before.target.port === after.target.port && before.startedAtSeconds !== after.startedAtSeconds;
}

/** Whether the verdict speaks of an earlier container. Its first probe decides then: clocks may have been set. */
function isOlderThan(probe: TrackedProbe, { isUp, since }: EndpointVerdict): boolean {
  if (!isUp || probe.kind === 'blocked' || probe.startedAtSeconds === undefined) return false;
  return Date.parse(since) < 1000 * probe.startedAtSeconds;
}
