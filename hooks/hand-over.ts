import { HAND_OVER_ORDER, HAND_OVER_ORDER_FINALIZER } from '#lib/core/service/hand-over-order.ts';
import type { ModuleHook, ModuleOperation } from '#lib/hook/module-hook.ts';
import { MODULE, MODULE_NAMESPACE } from './module.ts';

/** A controller that has not done it after so long does not run, or cannot. The release then goes all the same. */
const PATIENCE_SECONDS = 120;

const ORDER = { apiVersion: 'v1', kind: 'ConfigMap', namespace: MODULE_NAMESPACE, name: HAND_OVER_ORDER };

/**
 * Has every Service given back while the controllers and agents still run. Three writes, the same each time, so that no
 * snapshot is needed: the order is made; the finalizer of an order that nobody carries out is taken off; the order is deleted,
 * for which the operator waits 20 s and then fails and comes back. What stays undone is left to `handOverLeftovers`.
 */
export const handOver: ModuleHook = {
  name: 'hand-over',
  config: { beforeDeleteHelm: 1 },
  run: () => ({ operations: OPERATIONS }),
};

const OPERATIONS: readonly ModuleOperation[] = [
  {
    operation: 'CreateIfNotExists',
    object: {
      apiVersion: ORDER.apiVersion,
      kind: ORDER.kind,
      metadata: {
        namespace: ORDER.namespace,
        name: ORDER.name,
        labels: { heritage: 'deckhouse', module: MODULE },
        finalizers: [HAND_OVER_ORDER_FINALIZER],
      },
    },
  },
  {
    operation: 'JQPatch',
    ...ORDER,
    jqFilter: `if (.metadata.deletionTimestamp // "9999-01-01T00:00:00Z" | fromdateiso8601) < now - ${PATIENCE_SECONDS} then del(.metadata.finalizers) else . end`,
    ignoreMissingObject: true,
  },
  { operation: 'Delete', ...ORDER },
];
