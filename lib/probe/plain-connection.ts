import { getSystemErrorName } from 'node:util';
import type { Target } from '#lib/core/probe/target.ts';
import { mayBeLocalPort } from './local-ports.ts';
import {
  END_OF_FILE,
  type HandleUser,
  newTcpHandle,
  type SocketName,
  startConnect,
  startReading,
  type TcpHandle,
  writeText,
} from './tcp-handle.ts';

/** Hears what becomes of a plain connection, never before its constructor has returned, and nothing after `close`. */
export interface PlainConnectionUser {
  onConnect(): void;
  /** What has been read; valid until the call returns. */
  onBytes(bytes: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** The connection failed or broke. Has the system's code. */
  onError(error: Error): void;
}

const LARGEST_PORT = 65_535;

/**
 * A TCP connection to the target's address for probes that need no TLS: a `net.Socket` would cost as much again as the
 * connection. `close` must be called in the end, whatever has happened.
 */
export class PlainConnection implements HandleUser {
  readonly #target: Target;
  readonly #user: PlainConnectionUser;
  readonly #handle: TcpHandle;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';

  /** Dials. Nothing is ever looked up: an address that is none fails, a port that is none throws. */
  constructor(target: Target, user: PlainConnectionUser) {
    this.#target = target;
    this.#user = user;
    const { address, port } = target;
    // The handle would take it modulo 65,536, and dial a port that nobody has named.
    if (!(port > 0 && port <= LARGEST_PORT)) throw new RangeError(`${port} is no port`);
    this.#handle = newTcpHandle(this);
    const status = startConnect(this.#handle, address, port);
    if (status !== 0) this.#failSoon(status);
  }

  /** Only once connected. */
  write(text: string): void {
    const status = writeText(this.#handle, text);
    if (status !== 0) this.#failSoon(status);
  }

  /** Lets the kernel ask a silent peer whether it is still there. Only once connected. */
  setKeepAlive(afterMs: number): void {
    this.#handle.setKeepAlive(true, Math.ceil(afterMs / 1000));
  }

  /**
   * Ends the connection without TIME_WAIT, so that frequent probes never use up the local ports. A connection that does
   * not stand yet is dropped: a reset would wait for it to stand.
   */
  close(): void {
    const before = this.#state;
    this.#state = 'closed';
    if (before === 'closed') return;
    if (before === 'connecting' || this.#handle.reset() !== 0) this.#handle.close();
  }

  connected(status: number): void {
    if (this.#state === 'closed') return;
    if (status !== 0) {
      this.#fail(status);
      return;
    }
    this.#state = 'open';
    if (this.#isConnectedToItself()) {
      this.#user.onError(Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' }));
      return;
    }
    this.#user.onConnect();
    if (this.#hasClosed()) return;
    const failed = startReading(this.#handle);
    if (failed !== 0) this.#failSoon(failed);
  }

  read(count: number, buffer: Buffer): void {
    if (this.#state === 'closed' || count === 0) return;
    if (count > 0) this.#user.onBytes(buffer.subarray(0, count));
    else if (count === END_OF_FILE) this.#user.onEnd();
    else this.#fail(count);
  }

  written(status: number): void {
    if (status < 0) this.#fail(status);
  }

  /** A callback may have closed it. */
  #hasClosed(): boolean {
    return this.#state === 'closed';
  }

  /**
   * On one host the kernel may pick the dialled port as the local one; a closed port then accepts its own connection
   * (simultaneous open, RFC 9293 §3.5).
   */
  #isConnectedToItself(): boolean {
    // Asking the kernel for the local port costs as much as setting an option.
    if (!mayBeLocalPort(this.#target.port)) return false;
    const [own, peer]: [SocketName, SocketName] = [{}, {}];
    this.#handle.getsockname(own);
    this.#handle.getpeername(peer);
    return own.port === peer.port && own.address === peer.address;
  }

  #failSoon(status: number): void {
    queueMicrotask(() => this.#fail(status));
  }

  #fail(status: number): void {
    if (this.#state === 'closed') return;
    const code = getSystemErrorName(status);
    this.#user.onError(
      Object.assign(new Error(`connection to port ${this.#target.port}: ${code}`), { code }),
    );
  }
}
