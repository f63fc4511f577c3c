import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { isIPv6, type Socket } from 'node:net';
import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { attempt, type Settle } from '#lib/probe/attempt.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import type { Prober } from '#lib/probe/prober.ts';
import {
  decodeHealthCheckResponse,
  encodeHealthCheckRequest,
} from '#lib/probe/probers/grpc-health-message.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface GrpcProberDeps {
  readonly clock: Clock;
  readonly userAgent: string;
}

/** Many times the 7 bytes of a health answer. */
const LONGEST_ANSWER_BYTES = 4096;

/** Codes of the header `grpc-status`. */
const GRPC_OK = 0;
const GRPC_NOT_FOUND = 5;
const GRPC_UNIMPLEMENTED = 12;

/**
 * One unary `grpc.health.v1.Health/Check` over plaintext HTTP/2 on a fresh connection. Only `SERVING` is success.
 */
export function createGrpcProber({ clock, userAgent }: GrpcProberDeps): Prober<GrpcProbe> {
  return (probe, target, run) => {
    let isConnected = false;
    return attempt(clock, run, {
      start(settle) {
        let session: ClientHttp2Session | undefined;
        const socket = dial(target, {
          onConnect: (connected) => {
            isConnected = true;
            session = openSession(connected, target, settle);
            ask(
              session,
              { probe, target, userAgent, timeoutMs: run.deadlineMs - clock.monotonicMs() },
              settle,
            );
          },
          onError: (error) => settle(connectErrorOutcome(error, target)),
        });
        return () => {
          // Reset first: the session would write a GOAWAY and leave the connection in TIME_WAIT.
          endWithReset(socket);
          session?.destroy();
        };
      },
      onTimeout: () => timeout(probe, target, isConnected),
    });
  };
}

interface Question {
  readonly probe: GrpcProbe;
  readonly target: Target;
  readonly userAgent: string;
  readonly timeoutMs: number;
}

function authority({ address, port }: Target): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

function openSession(socket: Socket, target: Target, settle: Settle): ClientHttp2Session {
  const session = connect(`http://${authority(target)}`, {
    createConnection: () => socket,
    maxSessionMemory: 1,
    maxHeaderListPairs: 64,
    settings: { enablePush: false, maxHeaderListSize: 8192, initialWindowSize: LONGEST_ANSWER_BYTES },
  });
  session.on('error', (error) => settle(brokenOutcome(error, target)));
  session.on('close', () => settle(closedOutcome(target)));
  return session;
}

function ask(session: ClientHttp2Session, question: Question, settle: Settle): void {
  const { probe, target, userAgent, timeoutMs } = question;
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': userAgent,
    'grpc-timeout': `${Math.max(1, Math.ceil(timeoutMs))}m`,
  });
  stream.on('error', (error) => settle(brokenOutcome(error, target)));
  readAnswer(stream, (answer) => settle(judgement(probe, target, answer)));
  stream.end(encodeHealthCheckRequest(probe.service));
}

interface Answer {
  /** Absent when the connection ended before any header came. */
  readonly httpStatus: number | undefined;
  /** Absent when the server sent none. */
  readonly grpcStatus: number | undefined;
  readonly body: Buffer;
}

/** Collects headers, body and trailers; calls back when the answer has ended or is longer than any answer is. */
function readAnswer(stream: ClientHttp2Stream, callback: (answer: Answer) => void): void {
  let httpStatus: number | undefined;
  let grpcStatus: number | undefined;
  let body = Buffer.alloc(0);
  stream.on('response', (headers) => {
    httpStatus = Number(headers[':status']);
    grpcStatus = grpcStatusOf(headers);
  });
  stream.on('trailers', (trailers) => {
    grpcStatus = grpcStatusOf(trailers) ?? grpcStatus;
  });
  stream.on('data', (bytes: Buffer) => {
    body = Buffer.concat([body, bytes]);
    if (body.length > LONGEST_ANSWER_BYTES) {
      callback({ httpStatus, grpcStatus: grpcStatus ?? GRPC_OK, body });
    }
  });
  stream.on('end', () => callback({ httpStatus, grpcStatus, body }));
}

function grpcStatusOf(headers: IncomingHttpHeaders): number | undefined {
  const status = headers['grpc-status'];
  return typeof status === 'string' && /^\d{1,9}$/.test(status) ? Number(status) : undefined;
}

function judgement({ service }: GrpcProbe, target: Target, answer: Answer): ProbeOutcome {
  const { port } = target;
  if (answer.httpStatus === undefined) {
    return closedOutcome(target);
  }
  const check = `gRPC health check on ${port}`;
  if (answer.httpStatus !== 200) {
    return failure('UnexpectedStatus', `${check} returned HTTP status ${answer.httpStatus}`);
  }
  switch (answer.grpcStatus) {
    case undefined:
      return failure('ProtocolError', `${check} was answered without a gRPC status`);
    case GRPC_OK:
      break;
    case GRPC_NOT_FOUND:
      return failure('NotServing', `${check} knows no service ${JSON.stringify(service)}`);
    case GRPC_UNIMPLEMENTED:
      return failure('NotServing', `${check} is not implemented`);
    default:
      return failure('UnexpectedAnswer', `${check} failed with gRPC status ${answer.grpcStatus}`);
  }
  const status = decodeHealthCheckResponse(answer.body);
  if (status === 'SERVING') {
    return SUCCESS;
  }
  return status === 'malformed'
    ? failure('ProtocolError', `${check} returned a malformed message`)
    : failure('NotServing', `${check} returned ${status}`);
}

function brokenOutcome(error: unknown, target: Target): ProbeOutcome {
  const code = errorCode(error);
  if (code === 'ERR_HTTP2_STREAM_ERROR') {
    return failure('ProtocolError', `gRPC health check on ${target.port} was reset by the server`);
  }
  return code.startsWith('ERR_HTTP2_')
    ? failure('ProtocolError', `${target.port} does not speak HTTP/2 without TLS`)
    : connectErrorOutcome(error, target);
}

function closedOutcome({ port }: Target): ProbeOutcome {
  return failure('ConnectionClosed', `${port} closed the connection without an answer`);
}

function timeout({ timeoutMs }: GrpcProbe, { port }: Target, isConnected: boolean): ProbeOutcome {
  const within = `within ${durationText(timeoutMs)}`;
  return isConnected
    ? failure('Timeout', `gRPC health check on ${port} was not answered ${within}`)
    : failure('Timeout', `no answer from ${port} ${within}`);
}
