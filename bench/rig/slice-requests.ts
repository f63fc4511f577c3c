import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { SERVICE_NAME_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';

/** The part of an audit event of a slice write that is looked at. */
interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly requestObject?: Partial<EndpointSlice>;
  readonly responseStatus?: { readonly code?: number };
}

/** Writes of the slices of one Service; deletions say nothing about their slice and are left out. */
export interface RequestTraffic {
  readonly requests: number;
  /** Answered with a failure. */
  readonly refused: number;
  /** Of the bodies as JSON, whatever encoding the client has used. */
  readonly bytes: number;
}

const NONE: RequestTraffic = { requests: 0, refused: 0, bytes: 0 };

/** What was written between two instants (epoch, ms), by Service, from an audit log of the scope `slice-writes`. */
export async function sliceRequests(
  auditLog: string,
  fromMs: number,
  toMs: number,
): Promise<(service: string) => RequestTraffic> {
  const counts = new Map<string, RequestTraffic>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const event: AuditEvent = JSON.parse(line);
    const atMs = Date.parse(event.requestReceivedTimestamp);
    if (event.stage !== 'ResponseComplete' || atMs < fromMs || atMs > toMs) continue;
    if (event.verb !== 'create' && event.verb !== 'update') continue;
    const service = event.requestObject?.metadata?.labels?.[SERVICE_NAME_LABEL] ?? '';
    const { requests, refused, bytes } = counts.get(service) ?? NONE;
    counts.set(service, {
      requests: requests + 1,
      refused: refused + ((event.responseStatus?.code ?? 0) >= 400 ? 1 : 0),
      bytes: bytes + Buffer.byteLength(JSON.stringify(event.requestObject)),
    });
  }
  return (service) => counts.get(service) ?? NONE;
}
