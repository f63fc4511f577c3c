import { type Finding, warning } from '#lib/api/finding.ts';
import { type PortSpec, probePath } from '#lib/api/spec.ts';
import type { Probe } from '#lib/core/probe/probe.ts';

export interface ReachableProbes {
  readonly probes: readonly Probe[];
  readonly findings: readonly Finding[];
}

/**
 * Leaves out the probes that could never pass: those to a port number that only UDP ports of the Service point
 * to. A number that serves TCP too keeps its probe, as for DNS.
 */
export function withoutUdpTargets(probes: readonly Probe[], ports: readonly PortSpec[]): ReachableProbes {
  const others = new Set(ports.filter(({ protocol }) => protocol !== 'UDP').map(targetOf));
  const udpOnly = new Set(ports.map(targetOf).filter((target) => !others.has(target)));
  const isLeftOut = ({ port }: Probe) => typeof port === 'number' && udpOnly.has(port);
  return {
    probes: probes.filter((probe) => !isLeftOut(probe)),
    findings: probes.flatMap((probe, index) =>
      isLeftOut(probe)
        ? [
            warning(
              probePath(index),
              `left out: only UDP ports point to ${probe.port}, where no probe can connect; drop the probe`,
            ),
          ]
        : [],
    ),
  };
}

function targetOf({ port, targetPort }: PortSpec): number | string {
  return targetPort === undefined || targetPort === 0 || targetPort === '' ? port : targetPort;
}
