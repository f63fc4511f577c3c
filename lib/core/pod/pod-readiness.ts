import { assertNever } from '#lib/core/assert-never.ts';
import type { Pod } from '#lib/core/kubernetes.ts';
import { containersDeclaring, type RunningContainer } from '#lib/core/pod/pod-containers.ts';
import { resolveProbePort } from '#lib/core/pod/target-port.ts';
import type { PodReadiness, PortReference } from '#lib/core/probe/probe.ts';

/**
 * Whether the pod's own state lets it serve, beside what the probes say. Without probes that is the pod's Ready
 * condition, as for a plain Service. With probes `mode` decides, and with mode `Container` the rule must hold for
 * each probed port.
 */
export function isPodServing(pod: Pod, mode: PodReadiness, probedPorts: readonly PortReference[]): boolean {
  if (probedPorts.length === 0) return isConditionTrue(pod, 'Ready');
  switch (mode) {
    case 'Ignore':
      return true;
    case 'Pod':
      return isConditionTrue(pod, 'Ready');
    case 'Container':
      return probedPorts.every((port) => isPortServing(pod, port));
    default:
      return assertNever(mode, 'pod readiness');
  }
}

/**
 * When the software behind the port started, which an initial delay counts from: the start of the container that
 * declares it (the latest if several do), and of the pod where none declares it. Undefined while that
 * container does not run: the delay has not begun.
 */
export function containerStartFor(pod: Pod, port: PortReference): Date | undefined {
  const statuses = containersFor(pod, port).flatMap(({ status }) => status ?? []);
  const running = statuses.flatMap(({ state }) => state?.running ?? []);
  if (running.length < statuses.length) return undefined;
  const starts = running.flatMap(({ startedAt }) => toDate(startedAt) ?? []);
  return starts.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? podStart(pod);
}

/** Whether the pod's own Ready condition is true: what alone counts for a plain Service. */
export function isPodReady(pod: Pod): boolean {
  return isConditionTrue(pod, 'Ready');
}

function isPortServing(pod: Pod, port: PortReference): boolean {
  const declaring = containersFor(pod, port);
  if (declaring.length === 0) return isConditionTrue(pod, 'Ready');
  return declaring.every(({ status }) => status?.ready === true) && areGatesTrue(pod);
}

function containersFor(pod: Pod, port: PortReference): readonly RunningContainer[] {
  const number = resolveProbePort(port, pod);
  return number === undefined ? [] : containersDeclaring(pod, number);
}

/** A gate whose condition nobody has written yet counts as false, as in the kubelet. */
function areGatesTrue(pod: Pod): boolean {
  return (pod.spec.readinessGates ?? []).every(({ conditionType }) => isConditionTrue(pod, conditionType));
}

function isConditionTrue(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.find((condition) => condition.type === type)?.status === 'True';
}

function podStart(pod: Pod): Date | undefined {
  return toDate(pod.status?.startTime) ?? toDate(pod.metadata.creationTimestamp);
}

function toDate(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
