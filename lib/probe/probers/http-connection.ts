import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpVersion } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { PlainConnection, type PlainConnectionUser } from '#lib/probe/plain-connection.ts';
import type { Breakage } from '#lib/probe/probers/http-breakage.ts';
import { type HttpRequest, http1Text } from '#lib/probe/probers/http-request.ts';
import { HttpResponseReader, type ResponseState } from '#lib/probe/probers/http-response-reader.ts';
import { type Http2Channel, openHttp2 } from '#lib/probe/probers/http2-channel.ts';
import { startTls, type TlsSettings } from '#lib/probe/tls-handshake.ts';

/** How a target is spoken to: for plain HTTP the same object for all of them. */
export interface HttpConnectionSettings {
  /** Absent for plain HTTP. Its `protocols` fit `version`. */
  readonly tls: TlsSettings | undefined;
  readonly version: HttpVersion;
  /** The connection is to outlive the run. */
  readonly isKept: boolean;
}

/** Whoever has the connection at the moment: a run, or nobody while it is idle. */
export interface HttpConnectionUser {
  /** The connection stands. Never called for one that has been used before. */
  onReady(): void;
  onResponse(state: ResponseState): void;
  /** Nothing more comes; may be told more than once. */
  onBroken(breakage: Breakage): void;
}

export type ConnectionPhase = 'connect' | 'handshake' | 'open';

/** So that a kept connection whose peer vanished without a word is dropped by the kernel some time. */
const KEEP_ALIVE_MS = 30_000;

/** A connection over which HTTP is spoken, one request at a time. The user of the moment hears what happens. */
export class HttpConnection implements PlainConnectionUser {
  /** Address and port that are dialled. */
  readonly target: Target;
  readonly settings: HttpConnectionSettings;
  user: HttpConnectionUser;
  readonly #transport: Socket | PlainConnection;
  #phase: ConnectionPhase = 'connect';
  /** Of HTTP/1.1, where requests are written. */
  #stream: { write(text: string): void } | undefined;
  #http2: Http2Channel | undefined;
  /** Of HTTP/1.1, from the request until its response is complete. */
  #reader: HttpResponseReader | undefined;
  #isAnswered = false;

  /** Dials. `close` must be called in the end, whatever has happened. */
  constructor(target: Target, settings: HttpConnectionSettings, user: HttpConnectionUser) {
    this.target = target;
    this.settings = settings;
    this.user = user;
    const { tls, version } = settings;
    this.#transport =
      tls === undefined && version !== 'HTTP2' ? new PlainConnection(target, this) : this.#dial(target);
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** Sends a request. The response before it must be complete. */
  ask(request: HttpRequest): void {
    if (this.#http2 !== undefined) {
      this.#http2.ask(request);
      return;
    }
    this.#reader = new HttpResponseReader(request);
    this.#isAnswered = false;
    this.#stream?.write(http1Text(request));
  }

  /** Ends the connection without TIME_WAIT. The user hears nothing more. */
  close(): void {
    this.user = NOBODY;
    if (this.#transport instanceof PlainConnection) this.#transport.close();
    else endWithReset(this.#transport);
  }

  onConnect(): void {
    if (!(this.#transport instanceof PlainConnection)) return;
    if (this.settings.isKept) this.#transport.setKeepAlive(KEEP_ALIVE_MS);
    this.#phase = 'open';
    this.#stream = this.#transport;
    this.user.onReady();
  }

  onBytes(bytes: Buffer): void {
    if (this.#reader === undefined) {
      // Nobody has asked: whatever it is, it would be taken for the answer to the next request.
      this.user.onBroken({ kind: 'closed' });
      return;
    }
    this.#isAnswered = true;
    this.#hand(this.#reader.push(bytes));
  }

  onEnd(): void {
    if (this.#reader === undefined || !this.#isAnswered) {
      this.user.onBroken({ kind: 'closed' });
      return;
    }
    this.#hand(this.#reader.end());
  }

  onError(error: Error): void {
    this.user.onBroken({ kind: 'error', error });
  }

  #dial(target: Target): Socket {
    return dial(target, {
      onConnect: (socket) => this.#connected(socket),
      onError: (error) => this.user.onBroken({ kind: 'error', error }),
    });
  }

  #connected(socket: Socket): void {
    const { tls, version, isKept } = this.settings;
    if (isKept) socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (tls === undefined) {
      this.#open(socket, version === 'HTTP2');
      return;
    }
    this.#phase = 'handshake';
    const secured = startTls(socket, tls, () => this.#secured(secured));
    secured.on('error', (error) => this.user.onBroken({ kind: 'error', error }));
    secured.once('close', () => this.user.onBroken({ kind: 'closed' }));
  }

  #secured(socket: TLSSocket): void {
    const isHttp2 = socket.alpnProtocol === 'h2';
    if (this.settings.version === 'HTTP2' && !isHttp2) {
      this.user.onBroken({ kind: 'http2NotOffered' });
      return;
    }
    this.#open(socket, isHttp2);
  }

  #open(stream: Socket, isHttp2: boolean): void {
    this.#phase = 'open';
    if (isHttp2) {
      this.#http2 = openHttp2(stream, {
        onResponse: (state) => this.user.onResponse(state),
        onBroken: (breakage) => this.user.onBroken(breakage),
      });
    } else {
      this.#stream = stream;
      stream.on('data', (bytes: Buffer) => this.onBytes(bytes));
      stream.once('end', () => this.onEnd());
    }
    this.user.onReady();
  }

  #hand(state: ResponseState): void {
    if (state.kind === 'complete' || state.kind === 'malformed') {
      this.#reader = undefined;
    }
    this.user.onResponse(state);
  }
}

const NOBODY: HttpConnectionUser = { onReady: () => {}, onResponse: () => {}, onBroken: () => {} };
