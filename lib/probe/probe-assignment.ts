import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeStart } from '#lib/core/probe/probe-start.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { shortHash } from '#lib/core/short-hash.ts';

/** One probe to be run against one target again and again. */
export interface ProbeAssignment {
  /** Identity within its owner; stays the same while the definition changes. */
  readonly id: string;
  readonly target: Target;
  readonly probe: Probe;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly fastPeriodMs?: number;
  /** Hold an idle connection whose close triggers a run at once. */
  readonly sentinel: boolean;
  /** When the container behind the port started, by the wall clock, since 1970. A new value is a new container. */
  readonly startedAtSeconds?: number;
  /** What to begin with where the same check does not run yet. */
  readonly start: ProbeStart;
}

/**
 * Equal for assignments that one worker can serve, whoever owns them: same target and container, same settings,
 * same timing. A port given by name and by number is the same port.
 */
export function sharingKey(assignment: ProbeAssignment): string {
  const { id: _id, start: _start, probe, target, ...timing } = assignment;
  const { port: _port, ...settings } = probe;
  const { podUid, address, port } = target;
  return shortHash({ podUid, address, port, settings, timing });
}

/** Whether the assignments surely have the same sharing key; cheaper, and false for some that have. */
export function isSameCheck(a: ProbeAssignment, b: ProbeAssignment): boolean {
  return (
    (a.probe === b.probe || sameJson(a.probe, b.probe)) &&
    a.target.podUid === b.target.podUid &&
    a.target.address === b.target.address &&
    a.target.port === b.target.port &&
    a.initialDelayMs === b.initialDelayMs &&
    a.periodMs === b.periodMs &&
    a.fastPeriodMs === b.fastPeriodMs &&
    a.sentinel === b.sentinel &&
    a.startedAtSeconds === b.startedAtSeconds
  );
}
