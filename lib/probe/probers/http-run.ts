import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import type { Settler, Work } from '#lib/probe/prober.ts';
import { type Asked, decide, requestText } from '#lib/probe/probers/http-answer.ts';
import type { Breakage } from '#lib/probe/probers/http-breakage.ts';
import { HttpConnection, type HttpConnectionUser } from '#lib/probe/probers/http-connection.ts';
import { type HttpLeg, type HttpLegDeps, httpLeg } from '#lib/probe/probers/http-leg.ts';
import type { Hop } from '#lib/probe/probers/http-redirect.ts';
import type { ResponseState } from '#lib/probe/probers/http-response-reader.ts';
import type { KeptConnection, KeptHttpConnections } from '#lib/probe/probers/kept-http-connections.ts';
import { tlsErrorOutcome } from '#lib/probe/tls-handshake.ts';

export interface HttpRunDeps extends HttpLegDeps {
  readonly kept: KeptHttpConnections;
}

/** RFC 9110 §15.5.9: a server may say so on a connection that it is about to close for being idle. */
const REQUEST_TIMEOUT = 408;

/** One run of an HTTP probe, from the first request over redirects and a retry to an outcome. */
export class HttpRun implements Work, HttpConnectionUser {
  readonly #deps: HttpRunDeps;
  #settler: Settler | undefined;
  #asked: Asked;
  #leg: HttpLeg | undefined;
  #connection: HttpConnection | undefined;
  /** The connection, if it has served another run before. */
  #reused: KeptConnection | undefined;
  /** Known, while the rest of the response is read for the sake of the connection. */
  #decided: ProbeOutcome | undefined;

  constructor(deps: HttpRunDeps, probe: HttpProbe, target: Target) {
    this.#deps = deps;
    const { scheme, path } = probe;
    this.#asked = { probe, target, hop: { scheme, path, port: target.port }, redirects: 0 };
  }

  start(settler: Settler): void {
    this.#settler = settler;
    this.#request();
  }

  /** Ends the connection, if the run still has one. */
  release(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  onTimeout(): ProbeOutcome {
    return this.#decided ?? timeout(this.#asked, this.#connection);
  }

  onReady(): void {
    if (this.#leg !== undefined) this.#connection?.ask(this.#leg.request);
  }

  onResponse(state: ResponseState): void {
    if (this.#isReused && 'status' in state && state.status === REQUEST_TIMEOUT) {
      this.#retry();
      return;
    }
    const decision = this.#decided ?? decide(this.#asked, state);
    if (decision === undefined) return;
    if (decision.kind === 'redirect') {
      this.#follow(decision.hop, state);
    } else if (this.#isWorthWaiting(state)) {
      this.#decided = decision;
    } else {
      this.#handOver(state);
      this.#settler?.settle(decision);
    }
  }

  onBroken(breakage: Breakage): void {
    if (this.#decided !== undefined) {
      this.#settler?.settle(this.#decided);
    } else if (this.#isReused) {
      // The server may have closed the idle connection in this very moment: only a fresh one tells.
      this.#retry();
    } else {
      this.#settler?.settle(brokenOutcome(this.#asked, this.#connection, breakage));
    }
  }

  get #isReused(): boolean {
    return this.#reused !== undefined;
  }

  #request(): void {
    const { probe, target, hop } = this.#asked;
    const leg = httpLeg(this.#deps, probe, target, hop);
    if (leg.kind === 'unknown') {
      this.#settler?.settle(leg);
      return;
    }
    this.#leg = leg;
    const kept = probe.connection === 'Kept' ? this.#deps.kept.take(target, leg) : undefined;
    this.#reused = kept;
    if (kept === undefined) {
      this.#connection = new HttpConnection(leg.target, leg.connection, this);
      return;
    }
    this.#connection = kept.connection;
    kept.connection.user = this;
    this.onReady();
  }

  #retry(): void {
    this.release();
    this.#reused = undefined;
    const leg = this.#leg;
    if (leg !== undefined) this.#connection = new HttpConnection(leg.target, leg.connection, this);
  }

  #follow(hop: Hop, state: ResponseState): void {
    this.#handOver(state);
    this.release();
    this.#asked = { ...this.#asked, hop, redirects: this.#asked.redirects + 1 };
    this.#request();
  }

  #isWorthWaiting(state: ResponseState): boolean {
    return this.#asked.probe.connection === 'Kept' && state.kind === 'body' && state.keepsConnection;
  }

  /** Gives the connection to the next run, if that can use it. */
  #handOver(state: ResponseState): void {
    const { probe, target } = this.#asked;
    const connection = this.#connection;
    if (probe.connection !== 'Kept' || connection === undefined) return;
    if (state.kind !== 'complete' || !state.keepsConnection) return;
    this.#connection = undefined;
    if (this.#reused === undefined) this.#deps.kept.keep(target, connection);
    else this.#deps.kept.keepAgain(this.#reused);
  }
}

function brokenOutcome(
  { target, hop }: Asked,
  connection: HttpConnection | undefined,
  breakage: Breakage,
): ProbeOutcome {
  const at = { ...target, port: hop.port };
  switch (breakage.kind) {
    case 'closed': {
      const when = connection?.phase === 'handshake' ? 'during the TLS handshake' : 'without an answer';
      return failure('ConnectionClosed', `${at.port} closed the connection ${when}`);
    }
    case 'reset':
      return failure('ProtocolError', `${at.port} reset the request`);
    case 'http2NotOffered':
      return failure('ProtocolError', `${at.port} does not offer HTTP/2`);
    case 'error':
      return errorOutcome(at, connection, breakage.error);
  }
}

function errorOutcome(at: Target, connection: HttpConnection | undefined, error: Error): ProbeOutcome {
  const code = errorCode(error);
  const tls = connection?.settings.tls;
  const phase = connection?.phase ?? 'connect';
  // TLS 1.3 servers refuse a client only after its side of the handshake has ended.
  const isTls = phase === 'handshake' || (phase === 'open' && code.startsWith('ERR_SSL_'));
  return tls === undefined || !isTls
    ? connectErrorOutcome(error, at)
    : tlsErrorOutcome(error, at, tls.serverName);
}

function timeout(asked: Asked, connection: HttpConnection | undefined): ProbeOutcome {
  const within = `within ${durationText(asked.probe.timeoutMs)}`;
  switch (connection?.phase ?? 'connect') {
    case 'connect':
      return failure('Timeout', `no answer from ${asked.hop.port} ${within}`);
    case 'handshake':
      return failure('Timeout', `no TLS handshake with ${asked.hop.port} ${within}`);
    case 'open':
      return failure('Timeout', `${requestText(asked)} was not answered ${within}`);
  }
}
