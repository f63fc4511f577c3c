import type { Socket } from 'node:net';
import type { Target } from '#lib/core/probe/target.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { type Held, HeldByTarget } from '#lib/probe/held-by-target.ts';
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

interface Watch extends Held {
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
  readonly #watches = new HeldByTarget<Watch>((target) => ({
    ...{ target, isReleased: false, socket: undefined, pausedUntilMs: 0, pauseMs: 0 },
  }));

  constructor(deps: SentinelsDeps) {
    this.#deps = deps;
  }

  /** Opens a connection unless one stands or the target is being left alone. Call after each successful probe. */
  hold(target: Target): void {
    const watch = this.#watches.of(target);
    if (watch.socket === undefined && this.#deps.clock.monotonicMs() >= watch.pausedUntilMs) {
      this.#open(watch);
    }
  }

  /** Closes the connection to the target, if any, without a callback. */
  release(target: Target): void {
    const watch = this.#watches.release(target);
    if (watch !== undefined) drop(watch);
  }

  /** Closes all connections without a callback. */
  stop(): void {
    for (const watch of this.#watches.releaseAll()) drop(watch);
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
