import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { endWithReset } from '#lib/probe/dial.ts';
import { PostgresqlMessageReader } from '#lib/probe/probers/postgresql-message-reader.ts';

/** The server broke a rule of the protocol, or a bound of ours. */
export class PostgresqlStreamError extends Error {
  readonly code = 'POSTGRESQL_STREAM';
}

/** Types of message with which a server may answer a startup: authentication, error, notice, version. */
const FIRST_TYPES = Buffer.from('RENv');

/** Bytes that the server may send in one login or for one query: a probe asks for one small value. */
const MOST_BYTES = 64 * 1024;

/**
 * The stream under a `pg` client: a connection that stands already, with a bound on what the server sends and with
 * the parser's exceptions caught, so that a hostile server can end its own session and nothing else.
 */
export class PostgresqlStream extends Duplex {
  readonly #stream: Socket;
  readonly #dialled: Socket;
  readonly #messages = new PostgresqlMessageReader(MOST_BYTES);
  #receivedBytes = 0;
  #hasSpoken = false;

  /** `stream` is what bytes go through; `dialled` the TCP socket below it, which may be the same. */
  constructor(stream: Socket, dialled: Socket) {
    super();
    this.#stream = stream;
    this.#dialled = dialled;
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('error', (error) => this.destroy(error));
    stream.once('end', () => this.destroy());
    stream.once('close', () => this.destroy());
  }

  /** The next query may be answered with as many bytes again. */
  resetBound(): void {
    this.#receivedBytes = 0;
  }

  /** Called by `pg`, which thinks that it dials. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  /** Called by `pg`; done when the connection was dialled. */
  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#stream.write(bytes, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    endWithReset(this.#dialled);
    callback(error);
  }

  #receive(bytes: Buffer): void {
    if (this.destroyed) {
      return;
    }
    // The next four bytes of another protocol would be taken for a length, and waited for.
    if (!this.#hasSpoken && !FIRST_TYPES.includes(bytes.subarray(0, 1))) {
      this.destroy(new PostgresqlStreamError('something other than the PostgreSQL protocol'));
      return;
    }
    this.#hasSpoken = true;
    const allowed = bytes.subarray(0, MOST_BYTES - this.#receivedBytes);
    this.#receivedBytes += allowed.length;
    const { messages, isMalformed } = this.#messages.push(allowed);
    for (const message of messages) this.#hand(message);
    if (isMalformed) this.destroy(new PostgresqlStreamError('malformed messages'));
    else if (allowed.length < bytes.length) this.destroy(new PostgresqlStreamError('more than 64 KiB'));
  }

  #hand(message: Buffer): void {
    if (this.destroyed) {
      return;
    }
    try {
      // Not `push`: only an emission from here lets the parser's exceptions end here.
      this.emit('data', message);
    } catch {
      this.destroy(new PostgresqlStreamError('malformed messages'));
    }
  }
}
