import type { Socket } from 'node:net';
import type { Target } from '#lib/core/probe/target.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface SentinelsDeps {
  readonly clock: Clock;
  /** A connection that stood has ended, and not by us: probe the target at once. Never a verdict by itself. */
  readonly onEnd: (target: Target) => void;
}

/** A connection that lived for less was probably closed for being idle, not because its server went away. */
const SHORT_LIFE_MS = 10_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** A server that talks to a silent client, such as a mail server, sends a line; nothing sends this much. */
const MOST_BYTES = 64 * 1024;

/** So that a connection whose peer vanished without a word is dropped by the kernel some time. */
const KEEP_ALIVE_MS = 30_000;

interface Watch {
  readonly target: Target;
  /** No longer the watch of its target. */
  isReleased: boolean;
  socket: Socket | undefined;
  /** Before this time no connection is opened again. */
  pausedUntilMs: number;
  pauseMs: number;
}

/**
 * Idle connections, one a target, whose only use is that their end is noticed at once. Not a byte is sent. A server
 * that closes idle connections soon is left alone for longer and longer, so that it causes no storm of probes.
 */
export class Sentinels {
  readonly #deps: SentinelsDeps;
  readonly #watches = new Map<string, Watch>();
  /** What the key of a target leads to: to build the key after each success would cost more than to look up. */
  readonly #known = new WeakMap<Target, Watch>();

  constructor(deps: SentinelsDeps) {
    this.#deps = deps;
  }

  /** Opens a connection unless one stands or the target is being left alone. Call after each successful probe. */
  hold(target: Target): void {
    const watch = this.#watchOf(target);
    if (watch.socket === undefined && this.#deps.clock.monotonicMs() >= watch.pausedUntilMs) {
      this.#open(watch);
    }
  }

  /** Closes the connection to the target, if any, without a callback. */
  release(target: Target): void {
    const key = keyOf(target);
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    this.#watches.delete(key);
    watch.isReleased = true;
    drop(watch);
  }

  /** Closes all connections without a callback. */
  stop(): void {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    for (const watch of watches) {
      watch.isReleased = true;
      drop(watch);
    }
  }

  #watchOf(target: Target): Watch {
    const known = this.#known.get(target);
    if (known !== undefined && !known.isReleased) return known;
    const key = keyOf(target);
    const fresh = { target, isReleased: false, socket: undefined, pausedUntilMs: 0, pauseMs: 0 };
    const watch = this.#watches.get(key) ?? fresh;
    this.#watches.set(key, watch);
    this.#known.set(target, watch);
    return watch;
  }

  #open(watch: Watch): void {
    let openedMs: number | undefined;
    const socket = dial(watch.target, {
      onConnect: (connected) => {
        openedMs = this.#deps.clock.monotonicMs();
        connected.setKeepAlive(true, KEEP_ALIVE_MS);
      },
      onError: () => endWithReset(socket),
    });
    watch.socket = socket;
    socket.once('end', () => endWithReset(socket));
    socket.once('close', () => {
      if (watch.socket === socket) {
        watch.socket = undefined;
        this.#ended(watch, openedMs);
      }
    });
    discardInput(socket);
  }

  #ended(watch: Watch, openedMs: number | undefined): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const isShort = openedMs === undefined || nowMs - openedMs < SHORT_LIFE_MS;
    watch.pauseMs = isShort ? Math.min(LONGEST_PAUSE_MS, Math.max(SHORT_LIFE_MS, 2 * watch.pauseMs)) : 0;
    watch.pausedUntilMs = nowMs + watch.pauseMs;
    if (openedMs !== undefined) {
      this.#deps.onEnd(watch.target);
    }
  }
}

function drop(watch: Watch): void {
  const { socket } = watch;
  watch.socket = undefined;
  if (socket !== undefined) endWithReset(socket);
}

/** Reads what the server says, or its end would stay behind it unseen; a flood ends the connection. */
function discardInput(socket: Socket): void {
  let receivedBytes = 0;
  socket.on('data', (bytes: Buffer) => {
    receivedBytes += bytes.length;
    if (receivedBytes > MOST_BYTES) {
      endWithReset(socket);
    }
  });
}

function keyOf({ podUid, address, port }: Target): string {
  return `${podUid} ${address} ${port}`;
}
