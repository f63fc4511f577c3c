import { readFile } from 'node:fs/promises';
import { PRODUCT_NAMESPACE } from '../../dev/cluster/product.ts';

/** The part of an audit event that is looked at. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly name?: string };
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/**
 * Writes of controller and agents between two instants (epoch, ms) by the API server's audit log, one line each,
 * such as "update endpointslices web-x". Leases are left out: they are renewed on purpose.
 */
export async function productWrites(
  auditLog: string,
  fromMs: number,
  toMs: number,
): Promise<readonly string[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line): AuditEvent => JSON.parse(line))
    .filter(({ stage, verb, user, objectRef, requestReceivedTimestamp }) => {
      const atMs = Date.parse(requestReceivedTimestamp);
      const isOurs = user.username.startsWith(`system:serviceaccount:${PRODUCT_NAMESPACE}:`);
      const isWrite = WRITES.has(verb) && objectRef?.resource !== 'leases';
      return stage === 'ResponseComplete' && isOurs && isWrite && atMs >= fromMs && atMs <= toMs;
    })
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? '?'} ${objectRef?.name ?? ''}`);
}
