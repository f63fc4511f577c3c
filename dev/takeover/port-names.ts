import type { EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import type { RecordedChange } from '../workload/object-watch.ts';

/**
 * Names under which the Service had the port although no ready endpoint stood under them, each once. All changes of one
 * Service and of its slices are replayed in the order in which the API server made them, which the versions tell.
 * `sinceMs`: what arrived before is not judged.
 */
export function unservedNames(
  services: readonly RecordedChange<Service>[],
  slices: readonly RecordedChange<EndpointSlice>[],
  { port, sinceMs }: { readonly port: number; readonly sinceMs: number },
): readonly string[] {
  const all = [...slices, ...services].toSorted((a, b) => versionOf(a) - versionOf(b));
  const standing = new Map<string, EndpointSlice>();
  const unserved = new Set<string>();
  const former = Math.max(0, ...all.filter(({ atMs }) => atMs < sinceMs).map(versionOf));
  let name: string | undefined;
  for (const change of all) {
    if ('spec' in change.object) name = nameOf(change.object, port);
    else if (change.kind === 'deleted') standing.delete(change.object.metadata.name);
    else standing.set(change.object.metadata.name, change.object);
    const isUnserved = name !== undefined && !isServed(name, [...standing.values()]);
    if (isUnserved && versionOf(change) > former) unserved.add(name ?? '');
  }
  return [...unserved];
}

function versionOf({ object }: RecordedChange<EndpointSlice | Service>): number {
  return Number(object.metadata.resourceVersion);
}

function nameOf({ spec }: Service, number: number): string | undefined {
  const port = spec.ports?.find((one) => one.port === number);
  return port === undefined ? undefined : (port.name ?? '');
}

function isServed(name: string, slices: readonly EndpointSlice[]): boolean {
  return slices.some(
    (slice) =>
      (slice.ports ?? []).some((port) => (port.name ?? '') === name) &&
      endpointsOf(slice).some(({ conditions }) => conditions?.ready !== false),
  );
}
