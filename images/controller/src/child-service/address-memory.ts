import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** Services that were deleted a short while ago, by key. */
export interface AddressMemory {
  /** Takes a change that an informer has told. */
  note(key: string, previous: KubernetesObject | undefined, current: KubernetesObject | undefined): void;
  /** Undefined when no Service of that name was deleted lately. */
  of(key: string): Service | undefined;
}

/** How long addresses are kept in mind: a deployment that replaces a Service takes less. */
const REMEMBER_MS = 600_000;

/**
 * Remembers what the API server had allocated to a Service, so that one created under its name soon after gets the same
 * addresses and ports, if they are still free: clients and load balancers know them.
 */
export function createAddressMemory(clock: Clock): AddressMemory {
  const deleted = new Map<string, { readonly service: Service; readonly atMs: number }>();
  const forgetOld = () => {
    // In the order of their deletion.
    for (const [key, { atMs }] of deleted) {
      if (clock.monotonicMs() - atMs < REMEMBER_MS) return;
      deleted.delete(key);
    }
  };
  return {
    note(key, previous, current) {
      forgetOld();
      deleted.delete(key);
      if (previous === undefined || current !== undefined) return;
      // The informer is one of Services.
      deleted.set(key, { service: previous as Service, atMs: clock.monotonicMs() });
    },
    of(key) {
      forgetOld();
      return deleted.get(key)?.service;
    },
  };
}
