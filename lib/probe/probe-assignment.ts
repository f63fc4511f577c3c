import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeStart } from '#lib/core/probe/probe-start.ts';
import type { Pace } from '#lib/core/probe/schedule.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { shortHash } from '#lib/core/short-hash.ts';

/** One probe to be run against one target again and again. */
export interface ProbeAssignment {
  readonly target: Target;
  readonly probe: Probe;
  readonly timing: ProbeTiming;
  /** When the container behind the port started, by the wall clock, since 1970. A new value is a new container. */
  readonly startedAtSeconds?: number;
}

/** When a probe is run. */
export interface ProbeTiming extends Pace {
  readonly initialDelayMs: number;
  /** Hold an idle connection whose close triggers a run at once. */
  readonly sentinel: boolean;
}

/** An assignment as an owner asks for it. */
export interface ProbeRequest {
  /** Identity within its owner; stays the same while the definition changes. */
  readonly id: string;
  readonly assignment: ProbeAssignment;
  /** What to begin with where the same check does not run yet. */
  readonly start: ProbeStart;
}

/**
 * Equal for assignments that one worker can serve, whoever owns them: same target and container, same settings,
 * same timing. A port given by name and by number is the same port.
 */
export function sharingKey({ probe, target, timing, startedAtSeconds }: ProbeAssignment): string {
  const { port: _port, ...settings } = probe;
  const { podUid, address, port } = target;
  return shortHash({ podUid, address, port, settings, timing, startedAtSeconds });
}

/** Whether the assignments surely have the same sharing key; cheaper, and false for some that have. */
export function isSameCheck(a: ProbeAssignment, b: ProbeAssignment): boolean {
  return (
    sameJson(a.probe, b.probe) &&
    a.target.podUid === b.target.podUid &&
    a.target.address === b.target.address &&
    a.target.port === b.target.port &&
    sameJson(a.timing, b.timing) &&
    a.startedAtSeconds === b.startedAtSeconds
  );
}
