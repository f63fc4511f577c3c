import type { Socket } from 'node:net';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { attempt, type Settle } from '#lib/probe/attempt.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { httpRequest, isAccepted, serverName } from '#lib/probe/probers/http-request.ts';
import { HttpResponseReader, type ResponseState } from '#lib/probe/probers/http-response-reader.ts';
import type { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { startTls, type TlsSettings, tlsErrorOutcome } from '#lib/probe/tls-handshake.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface HttpProberDeps {
  readonly clock: Clock;
  readonly tlsContexts: TlsContexts;
  /** Sent as `User-Agent` unless the probe names its own. */
  readonly userAgent: string;
}

/** One run: what is asked of whom, and how far it has come. */
interface Exchange {
  readonly probe: HttpProbe;
  readonly target: Target;
  readonly request: Buffer;
  /** Absent for plain HTTP. */
  readonly tls: TlsSettings | undefined;
  phase: 'connect' | 'handshake' | 'answer';
}

/**
 * Success: a status among the accepted ones and, if asked for, the expected text in the first 64 KiB of the body.
 * Without an expected text the verdict falls when the headers are complete and the body is not read. Redirects
 * are not followed. Each run dials a fresh connection. Messages hold no query, no header and nothing of the body.
 */
export function createHttpProber(deps: HttpProberDeps): Prober<HttpProbe> {
  return (probe, target, run) => {
    const exchange = prepare(deps, probe, target);
    if ('kind' in exchange) {
      return Promise.resolve(exchange);
    }
    return attempt(deps.clock, run, {
      start(settle) {
        const socket = dial(target, {
          onConnect: (connected) => converse(exchange, connected, settle),
          onError: (error) => settle(brokenOutcome(exchange, error)),
        });
        return () => endWithReset(socket);
      },
      onTimeout: () => timeout(exchange),
    });
  };
}

function prepare(deps: HttpProberDeps, probe: HttpProbe, target: Target): Exchange | ProbeOutcome {
  const request = httpRequest(probe, target, deps.userAgent);
  if (request.kind === 'invalid') {
    return unknown('InvalidSettings', request.message);
  }
  const exchange = { probe, target, request: request.bytes, phase: 'connect' } as const;
  if (probe.scheme === 'HTTP') {
    return { ...exchange, tls: undefined };
  }
  const tlsContext = deps.tlsContexts.get(probe.caCert === undefined ? {} : { caCert: probe.caCert });
  if (tlsContext.kind === 'invalid') {
    return unknown('InvalidSettings', tlsContext.message);
  }
  const verification = probe.verifyTls ? 'chainAndName' : 'none';
  return {
    ...exchange,
    tls: { context: tlsContext.context, verification, serverName: serverName(probe, target) },
  };
}

function converse(exchange: Exchange, socket: Socket, settle: Settle): void {
  if (exchange.tls === undefined) {
    ask(exchange, socket, settle);
    return;
  }
  exchange.phase = 'handshake';
  const secured = startTls(socket, exchange.tls, () => ask(exchange, secured, settle));
  secured.on('error', (error) => settle(brokenOutcome(exchange, error)));
  secured.once('close', () => settle(closedOutcome(exchange)));
}

function ask(exchange: Exchange, socket: Socket, settle: Settle): void {
  const { probe, request } = exchange;
  exchange.phase = 'answer';
  const reader = new HttpResponseReader(probe.method);
  const settleIfDecided = (state: ResponseState): void => {
    const outcome = judgement(exchange, state);
    if (outcome !== undefined) {
      settle(outcome);
    }
  };
  let isAnswered = false;
  socket.on('data', (bytes: Buffer) => {
    isAnswered = true;
    settleIfDecided(reader.push(bytes));
  });
  socket.once('end', () => {
    if (isAnswered) {
      settleIfDecided(reader.end());
    } else {
      settle(closedOutcome(exchange));
    }
  });
  socket.write(request);
}

/** The outcome as soon as the part of the response that has come decides it. */
function judgement({ probe, target }: Exchange, state: ResponseState): ProbeOutcome | undefined {
  if (state.kind === 'head') {
    return undefined;
  }
  if (state.kind === 'malformed') {
    return failure('ProtocolError', `${target.port} answered with ${state.message}`);
  }
  if (!isAccepted(state.status, probe)) {
    return failure('UnexpectedStatus', `${requestText(probe, target)} returned ${state.status}`);
  }
  if (probe.expectBody === undefined || state.body.includes(probe.expectBody)) {
    return SUCCESS;
  }
  return state.kind === 'complete'
    ? failure('UnexpectedAnswer', `${requestText(probe, target)} returned a body without the expected text`)
    : undefined;
}

function brokenOutcome({ tls, target, phase }: Exchange, error: Error): ProbeOutcome {
  // TLS 1.3 servers refuse a client only after its side of the handshake has ended.
  const isTls = phase === 'handshake' || (phase === 'answer' && errorCode(error).startsWith('ERR_SSL_'));
  return tls === undefined || !isTls
    ? connectErrorOutcome(error, target)
    : tlsErrorOutcome(error, target, tls.serverName);
}

function closedOutcome({ target, phase }: Exchange): ProbeOutcome {
  const when = phase === 'handshake' ? 'during the TLS handshake' : 'without an answer';
  return failure('ConnectionClosed', `${target.port} closed the connection ${when}`);
}

function timeout({ probe, target, phase }: Exchange): ProbeOutcome {
  const within = `within ${durationText(probe.timeoutMs)}`;
  switch (phase) {
    case 'connect':
      return failure('Timeout', `no answer from ${target.port} ${within}`);
    case 'handshake':
      return failure('Timeout', `no TLS handshake with ${target.port} ${within}`);
    case 'answer':
      return failure('Timeout', `${requestText(probe, target)} was not answered ${within}`);
  }
}

/** The request in messages. The query stays out: it may hold a token. */
function requestText({ scheme, method, path }: HttpProbe, { port }: Target): string {
  const [shown = path] = path.split('?');
  return `${scheme} ${method} ${shown} on ${port}`;
}
