import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { closedOutcome } from '#lib/probe/open-stream.ts';
import { decodeHealthCheckResponse } from '#lib/probe/probers/grpc-health-message.ts';
import type { Field } from '#lib/probe/probers/hpack-static-table.ts';
import type { Http2State } from '#lib/probe/probers/http2-session.ts';

/** Codes of the header `grpc-status`. */
const GRPC_OK = 0;
const GRPC_NOT_FOUND = 5;
const GRPC_UNIMPLEMENTED = 12;

/** What the response to a health check means, as soon as enough of it has come. */
export function healthOutcome(state: Http2State, probe: GrpcProbe, target: Target): ProbeOutcome | undefined {
  const { port } = target;
  const check = `gRPC health check on ${port}`;
  switch (state.kind) {
    case 'head':
    case 'body':
      return undefined;
    case 'reset':
      return failure('ProtocolError', `${check} was reset by the server`);
    case 'goodbye':
      return closedOutcome(target, 'open');
    case 'malformed':
      return failure('ProtocolError', `${port} answered with ${state.message}`);
    case 'complete':
      return state.isCut ? malformedMessage(check) : judgement(state, probe, check);
  }
}

type Complete = Extract<Http2State, { readonly kind: 'complete' }>;

function judgement(
  { status, fields, trailers, body }: Complete,
  { service }: GrpcProbe,
  check: string,
): ProbeOutcome {
  if (status !== 200) {
    return failure('UnexpectedStatus', `${check} returned HTTP status ${status}`);
  }
  const grpcStatus = grpcStatusOf(trailers) ?? grpcStatusOf(fields);
  switch (grpcStatus) {
    case undefined:
      return failure('ProtocolError', `${check} was answered without a gRPC status`);
    case GRPC_OK:
      break;
    case GRPC_NOT_FOUND:
      return failure('NotServing', `${check} knows no service ${JSON.stringify(service)}`);
    case GRPC_UNIMPLEMENTED:
      return failure('NotServing', `${check} is not implemented`);
    default:
      return failure('UnexpectedAnswer', `${check} failed with gRPC status ${grpcStatus}`);
  }
  const health = decodeHealthCheckResponse(body);
  switch (health) {
    case 'SERVING':
      return SUCCESS;
    case 'malformed':
      return malformedMessage(check);
    default:
      return failure('NotServing', `${check} returned ${health}`);
  }
}

function malformedMessage(check: string): ProbeOutcome {
  return failure('ProtocolError', `${check} returned a malformed message`);
}

function grpcStatusOf(fields: readonly Field[]): number | undefined {
  const text = fields.find(([name]) => name === 'grpc-status')?.[1] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
