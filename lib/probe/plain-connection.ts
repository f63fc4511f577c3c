import { getSystemErrorName } from 'node:util';
import type { Target } from '#lib/core/probe/target.ts';
import { mayBeLocalPort } from './local-ports.ts';
import {
  bytesRead,
  END_OF_FILE,
  newConnectRequest,
  newTcpHandle,
  newWriteRequest,
  type SocketName,
  type TcpHandle,
} from './tcp-handle.ts';

/** What a plain connection tells, never before its constructor has returned, and nothing after `close`. */
export interface PlainConnectionEvents {
  onConnect(): void;
  /** What has been read; valid until the call returns. */
  onBytes(bytes: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** The connection failed or broke. Has the system's code. */
  onError(error: Error): void;
}

const LARGEST_PORT = 65_535;
const LONGEST_READ_BYTES = 64 * 1024;

/** What all connections read into: each is handed its bytes before the next one reads. */
let readBuffer: Buffer | undefined;

/**
 * A TCP connection to the target's address for probes that need no TLS: a `net.Socket` would cost as much again as the
 * connection. `close` must be called in the end, whatever has happened.
 */
export class PlainConnection {
  readonly #target: Target;
  readonly #events: PlainConnectionEvents;
  readonly #handle: TcpHandle;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';

  /** Dials. Nothing is ever looked up: an address that is none fails, a port that is none throws. */
  constructor(target: Target, events: PlainConnectionEvents) {
    this.#target = target;
    this.#events = events;
    const { address, port } = target;
    // The handle would take it modulo 65,536, and dial a port that nobody has named.
    if (!(port > 0 && port <= LARGEST_PORT)) throw new RangeError(`${port} is no port`);
    this.#handle = newTcpHandle();
    const request = newConnectRequest((status) => this.#connected(status));
    const status = address.includes(':')
      ? this.#handle.connect6(request, address, port)
      : this.#handle.connect(request, address, port);
    if (status !== 0) this.#failSoon(status);
  }

  /** Only once connected. */
  write(text: string): void {
    const request = newWriteRequest((status) => {
      if (status < 0) this.#fail(status);
    });
    const status = this.#handle.writeUtf8String(request, text);
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
    if (before === 'connecting' || this.#handle.reset(nothing) !== 0) this.#handle.close();
  }

  #connected(status: number): void {
    if (this.#state === 'closed') return;
    if (status !== 0) {
      this.#fail(status);
      return;
    }
    this.#state = 'open';
    if (this.#isConnectedToItself()) {
      this.#events.onError(Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' }));
      return;
    }
    this.#events.onConnect();
    if (this.#hasClosed()) return;
    this.#read();
  }

  /** A callback may have closed it. */
  #hasClosed(): boolean {
    return this.#state === 'closed';
  }

  #read(): void {
    readBuffer ??= Buffer.allocUnsafeSlow(LONGEST_READ_BYTES);
    const buffer = readBuffer;
    this.#handle.useUserBuffer(buffer);
    this.#handle.onread = () => {
      const count = bytesRead();
      if (this.#hasClosed() || count === 0) return;
      if (count > 0) this.#events.onBytes(buffer.subarray(0, count));
      else if (count === END_OF_FILE) this.#events.onEnd();
      else this.#fail(count);
    };
    const status = this.#handle.readStart();
    if (status !== 0) this.#failSoon(status);
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
    this.#events.onError(
      Object.assign(new Error(`connection to port ${this.#target.port}: ${code}`), { code }),
    );
  }
}

function nothing(): void {}
