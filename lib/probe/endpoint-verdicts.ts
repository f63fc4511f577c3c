import type { IpFamily } from '#lib/core/kubernetes.ts';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';
import type { EndpointVerdict, FailedProbe, VerdictLookup } from '#lib/core/probe/endpoint-verdict.ts';
import type { Healthcheck } from '#lib/core/probe/probe.ts';
import { takesSentinel } from '#lib/core/probe/probe-needs.ts';
import { isRestarted, type Known, probeStart } from '#lib/core/probe/probe-start.ts';
import { isSatisfied } from '#lib/core/probe/requirement.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { TrackedEndpoint, TrackedProbe } from '#lib/core/probe/target-tracker.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { timestamp } from '#lib/core/timestamp.ts';
import type { ProbeAssignment, ProbeRequest, ProbeTiming } from './probe-assignment.ts';
import { type CheckReport, ProbePool, type ProbePoolDeps } from './probe-pool.ts';

export interface EndpointVerdictsDeps extends Omit<ProbePoolDeps, 'onChange'> {
  /** Called when something about the endpoints of the owner has changed that is worth publishing. */
  readonly onChange: (owner: string) => void;
  /** Called for each endpoint whose verdict has changed through a probe. */
  readonly onTransition: (transition: EndpointTransition) => void;
}

export interface EndpointTransition {
  readonly owner: string;
  readonly endpoint: TrackedEndpoint;
  readonly verdict: EndpointVerdict;
}

/** What an earlier process has left about an endpoint. */
export type Restore = (endpoint: TrackedEndpoint) => Known;

interface EndpointRecord {
  readonly endpoint: TrackedEndpoint;
  readonly verdict: EndpointVerdict;
}

/** An endpoint, its key among those of its owner, and what its probes begin with. */
interface KnownEndpoint {
  readonly key: string;
  readonly endpoint: TrackedEndpoint;
  readonly known: Known;
}

interface OwnerRecord {
  readonly healthcheck: Healthcheck;
  /** By index of the probe. */
  readonly timings: readonly ProbeTiming[];
  readonly endpoints: Map<string, EndpointRecord>;
}

/**
 * Keeps the verdict of each endpoint of many owners: probes run in a pool, their verdicts are combined here. An owner
 * is a `namespace/name` of a ServiceWithHealthchecks.
 */
export class EndpointVerdicts {
  readonly #deps: EndpointVerdictsDeps;
  readonly #pool: ProbePool;
  readonly #owners = new Map<string, OwnerRecord>();
  /** The newest verdict: most that change, change to the same in the same second, and share it. */
  #latest: EndpointVerdict | undefined;

  constructor(deps: EndpointVerdictsDeps) {
    this.#deps = deps;
    this.#pool = new ProbePool({ ...deps, onChange: (owner, { target }) => this.#review(owner, target) });
  }

  /** Number of checks that run. */
  get size(): number {
    return this.#pool.size;
  }

  /** Number of checks that have begun so far. */
  get begun(): number {
    return this.#pool.begun;
  }

  /**
   * Replaces the endpoints of the owner. Endpoints that stay keep their verdicts, also over a changed definition (see
   * `probeStart`); `restore` is asked about those that this process sees for the first time.
   */
  assign(
    owner: string,
    desired: { readonly healthcheck: Healthcheck; readonly endpoints: readonly TrackedEndpoint[] },
    restore: Restore,
  ): void {
    const { healthcheck } = desired;
    const before = this.#owners.get(owner);
    const endpoints = desired.endpoints.map((desiredOne): KnownEndpoint => {
      const key = keyOf(desiredOne);
      const record = before?.endpoints.get(key);
      const endpoint = asBefore(desiredOne, record?.endpoint);
      return { key, endpoint, known: knownOf(endpoint, record, restore) };
    });
    const timings = timingsOf(healthcheck, before?.timings);
    this.#pool.assign(
      owner,
      endpoints.flatMap((one) => requestsOf(one, timings)),
    );
    const records = endpoints.map(({ key, endpoint, known }): [string, EndpointRecord] => {
      const earlier = earlierVerdict(endpoint, known);
      return [key, { endpoint, verdict: this.#verdict(owner, healthcheck, { key, endpoint, earlier }) }];
    });
    this.#owners.set(owner, { healthcheck, timings, endpoints: new Map(records) });
  }

  /** Stops every probe of the owner and forgets its verdicts. */
  forget(owner: string): void {
    this.#pool.assign(owner, []);
    this.#owners.delete(owner);
  }

  /** The verdicts of the owner's endpoints as they are at the time of each call. */
  lookup(owner: string): VerdictLookup {
    return (podUid, family) => this.#owners.get(owner)?.endpoints.get(recordKey(podUid, family))?.verdict;
  }

  /** The checks of a pod and their last runs. */
  report(namespace: string, podName: string): readonly CheckReport[] {
    return this.#pool.report(namespace, podName);
  }

  /** Runs the probes for which the filter holds out of turn. */
  probeNow(isMeant: (assignment: ProbeAssignment) => boolean): void {
    this.#pool.probeNow(isMeant);
  }

  /** Stops every probe. The verdicts stay as they are. */
  stop(): void {
    this.#pool.stop();
  }

  #review(owner: string, { podUid, address }: Target): void {
    const record = this.#owners.get(owner);
    const family = parseIpAddress(address)?.family;
    const key = family === undefined ? undefined : recordKey(podUid, family);
    const known = key === undefined ? undefined : record?.endpoints.get(key);
    if (record === undefined || key === undefined || known === undefined) return;
    const { endpoint, verdict } = known;
    const next = this.#verdict(owner, record.healthcheck, { key, endpoint, earlier: verdict });
    if (next === verdict) return;
    record.endpoints.set(key, { endpoint, verdict: next });
    if (next.isUp !== verdict.isUp) this.#deps.onTransition({ owner, endpoint, verdict: next });
    this.#deps.onChange(owner);
  }

  /** The verdict of an endpoint; the earlier object itself when nothing has changed. */
  #verdict(
    owner: string,
    healthcheck: Healthcheck,
    {
      key,
      endpoint,
      earlier,
    }: {
      readonly key: string;
      readonly endpoint: TrackedEndpoint;
      readonly earlier: EndpointVerdict | undefined;
    },
  ): EndpointVerdict {
    const failed = endpoint.probes.flatMap((tracked, index): readonly FailedProbe[] => {
      const message = this.#failureOf(owner, { key, tracked, index });
      return message === undefined ? [] : [{ index, probe: labelOf(tracked, endpoint), message }];
    });
    const total = endpoint.probes.length;
    const isUp = isSatisfied(healthcheck.requirement, total - failed.length, total);
    const since = earlier?.isUp === isUp ? earlier.since : timestamp(this.#deps.clock.now());
    const hasBeenUp = isUp || earlier?.hasBeenUp === true;
    const next: EndpointVerdict = { isUp, hasBeenUp, since, failed: failed.length === 0 ? NONE : failed };
    if (earlier !== undefined && sameJson(earlier, next)) return earlier;
    this.#latest = asBefore(next, this.#latest);
    return this.#latest;
  }

  /** Why the probe is not up; undefined while it is. */
  #failureOf(
    owner: string,
    { key, tracked, index }: { key: string; tracked: TrackedProbe; index: number },
  ): string | undefined {
    if (tracked.kind === 'blocked') return tracked.message;
    const state = this.#pool.stateOf(owner, assignmentId(key, index));
    return state === undefined || state.verdict === 'up' ? undefined : state.message;
  }
}

/** Shared by all endpoints whose probes all pass. */
const NONE: readonly FailedProbe[] = [];

/** The value itself as it was, where nothing about it has changed: others hold it, or parts of it, already. */
function asBefore<T>(value: T, before: T | undefined): T {
  return before !== undefined && sameJson(before, value) ? before : value;
}

function knownOf(endpoint: TrackedEndpoint, before: EndpointRecord | undefined, restore: Restore): Known {
  if (before === undefined) return restore(endpoint);
  const { address, probes } = before.endpoint;
  if (address !== endpoint.address) return { from: 'nothing' };
  return { from: 'definition', verdict: before.verdict, probes };
}

/** The verdict that the next one follows; one of an earlier container is no part of the story. */
function earlierVerdict(endpoint: TrackedEndpoint, known: Known): EndpointVerdict | undefined {
  if (known.from === 'nothing') return undefined;
  const isAnother =
    known.from === 'definition' &&
    endpoint.probes.some((probe, index) => isRestarted(known.probes[index], probe));
  return isAnother ? { ...known.verdict, hasBeenUp: false } : known.verdict;
}

/** By index of the probe: one for all endpoints, and the list as it was where nothing has changed. */
function timingsOf(
  { probes, initialDelayMs, periodMs, fastPeriodMs, sentinel }: Healthcheck,
  before: readonly ProbeTiming[] | undefined,
): readonly ProbeTiming[] {
  const fast = fastPeriodMs === undefined ? {} : { fastPeriodMs };
  const timings = probes.map((probe): ProbeTiming => {
    return { initialDelayMs, periodMs, ...fast, sentinel: sentinel && takesSentinel(probe) };
  });
  return asBefore(timings, before);
}

/** `timings`: by index of the probe. */
function requestsOf(
  { key, endpoint, known }: KnownEndpoint,
  timings: readonly ProbeTiming[],
): readonly ProbeRequest[] {
  return endpoint.probes.flatMap((tracked, index): readonly ProbeRequest[] => {
    if (tracked.kind === 'blocked') return [];
    const timing = timings[index];
    if (timing === undefined) throw new Error(`bug: no timing for probe ${index} of ${key}`);
    const { probe, target, startedAtSeconds } = tracked;
    const started = startedAtSeconds === undefined ? {} : { startedAtSeconds };
    return [
      {
        id: assignmentId(key, index),
        assignment: { target, probe, timing, ...started },
        start: probeStart(tracked, index, known),
      },
    ];
  });
}

/** `mode:address:port`; the port by name where the pod has none of that name. */
function labelOf(tracked: TrackedProbe, { address }: TrackedEndpoint): string {
  const port = tracked.kind === 'blocked' ? tracked.probe.port : tracked.target.port;
  return `${tracked.probe.kind}:${address}:${port}`;
}

/** That of the first probe, mostly the only one, is the key of the endpoint itself: ten thousand texts less in memory. */
function assignmentId(key: string, index: number): string {
  return index === 0 ? key : `${key}/${index}`;
}

function keyOf({ podUid, family }: TrackedEndpoint): string {
  return recordKey(podUid, family);
}

function recordKey(podUid: string, family: IpFamily): string {
  return `${podUid}/${family}`;
}
