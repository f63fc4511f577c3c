import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { START } from '#lib/core/probe/verdict.ts';
import type { ProbeAssignment, ProbeRequest, ProbeTiming } from '#lib/probe/probe-assignment.ts';
import { ProbePool } from '#lib/probe/probe-pool.ts';
import { RunStallWitness } from '#lib/probe/run-stall-witness.ts';
import { aTcpProbe } from '../../../support/builders.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { ScriptedProber } from './scripted-prober.ts';

export const TARGET: Target = {
  namespace: 'default',
  podName: 'web-1',
  podUid: 'uid-web-1',
  address: '10.1.0.1',
  port: 8080,
};

/** What a test says of a request, all at one level. */
export type RequestGiven = Partial<
  Omit<ProbeAssignment, 'timing'> & ProbeTiming & Omit<ProbeRequest, 'assignment'>
>;

/** A TCP probe of `web-1` every second, of which nothing is known. */
export function aRequest(given: RequestGiven = {}): ProbeRequest {
  const { id = 'uid-web-1/IPv4/0', start = { firstRun: 'unknown', state: START }, ...rest } = given;
  const { target = TARGET, probe = PROBE, startedAtSeconds, ...timing } = rest;
  return {
    id,
    assignment: {
      target,
      probe,
      timing: { initialDelayMs: 0, periodMs: 1000, sentinel: false, ...timing },
      ...(startedAtSeconds !== undefined && { startedAtSeconds }),
    },
    start,
  };
}

const PROBE = aTcpProbe({ timeoutMs: 400, successThreshold: 1, failureThreshold: 2 });

/** The i-th of many targets. */
export function targetNumber(index: number): Target {
  return { ...TARGET, podName: `web-${index}`, podUid: `uid-web-${index}`, address: `10.1.1.${index}` };
}

/** A pool on a fake clock and scripted targets; remembers what it reported. */
export class PoolFixture {
  readonly clock = new FakeClock();
  readonly scripted = new ScriptedProber(this.clock);
  readonly changes: string[] = [];
  readonly released: ProbeAssignment[] = [];
  readonly outcomes: ProbeOutcome[] = [];
  readonly lateness: number[] = [];
  /** Targets to which an idle connection is held. */
  readonly held = new Set<Target>();

  readonly deps = {
    clock: this.clock,
    prober: this.scripted.prober,
    stalls: new RunStallWitness(this.clock),
    observer: {
      started: (_kind: Probe['kind'], lateMs: number) => void this.lateness.push(lateMs),
      finished: (_kind: Probe['kind'], outcome: ProbeOutcome) => void this.outcomes.push(outcome),
    },
    sentinels: {
      hold: (target: Target) => void this.held.add(target),
      release: (target: Target) => void this.held.delete(target),
    },
    release: (assignment: ProbeAssignment) => void this.released.push(assignment),
    onChange: (owner: string) => void this.changes.push(owner),
  };
  readonly pool = new ProbePool(this.deps);

  verdict(owner = 'a', id = 'uid-web-1/IPv4/0'): string {
    const state = this.pool.stateOf(owner, id);
    return state === undefined ? 'none' : state.verdict;
  }
}
