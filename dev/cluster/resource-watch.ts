import { setTimeout as sleep } from 'node:timers/promises';
import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import type { ApiClient, ApiEvent } from './api-client.ts';

interface List<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string };
}

/** A change of one object; `object` is its last known state when it has been deleted. */
export type ObjectChange<T> = { readonly kind: 'stored' | 'deleted'; readonly object: T };

/**
 * Reports every object under `path` and then each change, until the signal aborts. Survives an API server that
 * goes and comes back: it lists anew and reports the difference. `onChange` must not throw.
 */
export async function watchObjects<T extends KubernetesObject>(
  api: ApiClient,
  path: string,
  {
    onChange,
    signal,
  }: { readonly onChange: (change: ObjectChange<T>) => void; readonly signal: AbortSignal },
): Promise<void> {
  const known = new Map<string, T>();
  const report = (change: ObjectChange<T>): void => {
    const key = keyOf(change.object);
    if (change.kind === 'deleted') known.delete(key);
    else known.set(key, change.object);
    onChange(change);
  };
  while (!signal.aborted) {
    try {
      const version = reportList(await api.get<List<T>>(path), known, report);
      await watchFrom(api, `${path}?watch=1&resourceVersion=${version}`, { report, signal });
    } catch {
      await sleep(200, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Streams changes until the watch ends; ends it when the server says that the version is too old. */
async function watchFrom<T extends KubernetesObject>(
  api: ApiClient,
  path: string,
  { report, signal }: { readonly report: (change: ObjectChange<T>) => void; readonly signal: AbortSignal },
): Promise<void> {
  const stop = new AbortController();
  const onEvent = ({ type, object }: ApiEvent<T>): void => {
    if (type === 'ERROR') stop.abort();
    else if (type !== 'BOOKMARK') report({ kind: type === 'DELETED' ? 'deleted' : 'stored', object });
  };
  await api.watch<T>(path, onEvent, AbortSignal.any([signal, stop.signal]));
}

function reportList<T extends KubernetesObject>(
  list: List<T>,
  known: ReadonlyMap<string, T>,
  report: (change: ObjectChange<T>) => void,
): string {
  const listed = new Set(list.items.map(keyOf));
  for (const [key, object] of known) if (!listed.has(key)) report({ kind: 'deleted', object });
  for (const object of list.items) report({ kind: 'stored', object });
  return list.metadata.resourceVersion;
}
