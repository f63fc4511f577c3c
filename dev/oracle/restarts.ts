import { type ApiClient, ApiError } from '../cluster/api-client.ts';
import { PRODUCT_NAMESPACE, type Product } from '../cluster/product.ts';
import type { Change, ProgramName } from './change.ts';

const LEADER_LEASE = `/apis/coordination.k8s.io/v1/namespaces/${PRODUCT_NAMESPACE}/leases/swh-controller-leader.deckhouse.io`;

/**
 * Makes the function that ends a program of the product and starts it again, one program once at a time. A crashed
 * controller's Lease is removed, which otherwise has to run out.
 */
export function restarter(
  api: ApiClient,
  product: Product,
): (change: Extract<Change, { kind: 'restart' }>) => Promise<void> {
  const latest = new Map<ProgramName, Promise<void>>();
  const restart = async (program: ProgramName, isCrash: boolean): Promise<void> => {
    const one = program === 'controller' ? product.controller : product.agent(program);
    if (isCrash) await one.kill();
    else await one.terminate();
    if (isCrash && program === 'controller') await api.delete(LEADER_LEASE).catch(unlessMissing);
    await one.start();
  };
  return ({ program, isCrash }) => {
    const next = (latest.get(program) ?? Promise.resolve()).then(() => restart(program, isCrash));
    latest.set(program, next);
    return next;
  };
}

/** A controller that ended before it led has left none. */
function unlessMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}
