import type { Endpoint, EndpointSlice, ServicePort } from '#lib/core/kubernetes.ts';
import { protocolOf } from '#lib/core/pod/pod-containers.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

/** A port of a Service that keeps its number and gets another name. */
export interface RenamedPort {
  readonly before: string;
  readonly after: string;
}

/** Consumers match ports of a Service and of its slices by name, so that a new name needs new slices. */
export function renamedPorts(
  before: readonly ServicePort[],
  after: readonly ServicePort[],
): readonly RenamedPort[] {
  return after.flatMap((port) => {
    const former = before.find((one) => one.port === port.port && protocolOf(one) === protocolOf(port));
    const names = { before: former?.name ?? '', after: port.name ?? '' };
    return former === undefined || names.before === names.after ? [] : [names];
  });
}

/** Pods whose ready endpoints our slices show under the former names only: they would be missed. */
export function missingAfterRename(
  renamed: readonly RenamedPort[],
  slices: readonly EndpointSlice[],
): readonly string[] {
  const own = slices.filter(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY);
  const missing = renamed.flatMap(({ before, after }) => {
    const shown = new Set(readyUnder(after, own).map(uidOf));
    return readyUnder(before, own).filter((endpoint) => !shown.has(uidOf(endpoint)));
  });
  return [...new Set(missing.map(({ targetRef }) => targetRef?.name ?? ''))];
}

function readyUnder(name: string, slices: readonly EndpointSlice[]): readonly Endpoint[] {
  return slices
    .filter(({ ports }) => (ports ?? []).some((port) => (port.name ?? '') === name))
    .flatMap(endpointsOf)
    .filter(({ conditions }) => conditions?.ready !== false);
}

function uidOf({ targetRef }: Endpoint): string {
  return targetRef?.uid ?? '';
}
