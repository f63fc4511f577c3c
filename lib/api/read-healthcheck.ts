import type { Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { readProbe } from '#lib/api/read-probe.ts';
import type { HealthcheckSpec } from '#lib/api/spec.ts';
import { withoutUdpTargets } from '#lib/api/udp-ports.ts';
import type { FailOpen, Healthcheck, Requirement } from '#lib/core/probe/probe.ts';

/** What counts when a spec has no `healthcheck`: the defaults of its fields in the resource definition. */
const NO_HEALTHCHECK: HealthcheckSpec = {
  initialDelaySeconds: 10,
  periodSeconds: 10,
  podReadiness: 'Container',
};

export interface HealthcheckPart {
  readonly healthcheck: Healthcheck;
  readonly findings: readonly Finding[];
}

/** The healthcheck of a spec that holds all rules: in milliseconds, complete, without unreachable probes. */
export function readHealthcheck(spec: DefaultedSpec): HealthcheckPart {
  const given = spec.healthcheck ?? NO_HEALTHCHECK;
  const { probes, findings } = withoutUdpTargets((given.probes ?? []).flatMap(readProbe), spec.ports ?? []);
  const fastPeriodMs = given.fastPeriodMilliseconds;
  return {
    healthcheck: {
      initialDelayMs: given.initialDelaySeconds * 1000,
      periodMs: given.periodSeconds * 1000,
      ...(fastPeriodMs !== undefined && { fastPeriodMs }),
      sentinel: given.sentinel ?? fastPeriodMs !== undefined,
      podReadiness: given.podReadiness,
      requirement: requirementOf(given.requirement),
      failOpen: failOpenOf(given.failOpen),
      probes,
    },
    findings,
  };
}

function requirementOf(given: HealthcheckSpec['requirement']): Requirement {
  if (given?.type === 'Any') return { type: 'Any' };
  return given?.count === undefined ? { type: 'All' } : { type: 'AtLeast', count: given.count };
}

function failOpenOf(given: HealthcheckSpec['failOpen']): FailOpen {
  if (given?.type === 'LastKnown') return { type: 'LastKnown' };
  return given?.minimumReady === undefined
    ? { type: 'None' }
    : { type: 'MinimumReady', minimum: given.minimumReady };
}
