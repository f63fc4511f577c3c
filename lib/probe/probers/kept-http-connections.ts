import type { Target } from '#lib/core/probe/target.ts';
import type {
  HttpConnection,
  HttpConnectionSettings,
  HttpConnectionUser,
} from '#lib/probe/probers/http-connection.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface KeptHttpConnectionsDeps {
  readonly clock: Clock;
  /** A connection that was idle has ended, and not by us: probe the target at once. Never a verdict by itself. */
  readonly onEnd: (target: Target) => void;
}

/** A connection is replaced after this time: a server that accepts nobody any more would go unnoticed. */
const LONGEST_LIFE_MS = 5 * 60_000;

/** A connection that was idle for less has probably been closed for that, not because its server went away. */
const SHORT_IDLENESS_MS = 10_000;
const LONGEST_SILENCE_MS = 5 * 60_000;

/** A connection that outlives its runs. */
export interface KeptConnection {
  readonly connection: HttpConnection;
  /** Since when it has stood. */
  readonly openedMs: number;
}

/** One that no run has at the moment. */
interface IdleConnection extends KeptConnection {
  /** Since when it is idle. */
  idleMs: number;
  /** Hears of its end. */
  readonly user: HttpConnectionUser;
}

interface Group {
  readonly target: Target;
  /** No longer the group of its target. */
  isForgotten: boolean;
  readonly idle: IdleConnection[];
  /** Before this time no end is told. */
  silentUntilMs: number;
  silenceMs: number;
}

/**
 * Idle HTTP connections, one for each target and settings, that probes use in turn. Their end is told at once, so
 * that a process that dies is probed at once; of a server that closes idle connections soon, less and less often.
 */
export class KeptHttpConnections {
  readonly #deps: KeptHttpConnectionsDeps;
  readonly #groups = new Map<string, Group>();
  /** What the key of a target leads to: to build the key for each run would cost more than to look up. */
  readonly #known = new WeakMap<Target, Group>();

  constructor(deps: KeptHttpConnectionsDeps) {
    this.#deps = deps;
  }

  /** An idle connection with these settings, which is the caller's from then on. */
  take(target: Target, settings: HttpConnectionSettings): KeptConnection | undefined {
    const { idle } = this.#groupOf(target);
    const index = indexOf(idle, settings);
    return index === -1 ? undefined : idle.splice(index, 1)[0];
  }

  /** Takes a connection over that a run for the target has no use for at the moment: a new one, or what `take` gave. */
  keep(target: Target, kept: KeptConnection): void {
    const { connection, openedMs } = kept;
    const nowMs = this.#deps.clock.monotonicMs();
    const group = this.#groupOf(target);
    const isSurplus = indexOf(group.idle, connection.settings) !== -1;
    if (isSurplus || nowMs - openedMs >= LONGEST_LIFE_MS) {
      connection.close();
      return;
    }
    const idle = isIdleConnection(kept) ? kept : this.#idleConnection(target, kept);
    idle.idleMs = nowMs;
    connection.user = idle.user;
    group.idle.push(idle);
  }

  /** Ends the idle connections of the target. */
  forget(target: Target): void {
    const key = keyOf(target);
    const group = this.#groups.get(key);
    if (group === undefined) return;
    this.#groups.delete(key);
    group.isForgotten = true;
    for (const { connection } of group.idle) connection.close();
  }

  /** Ends all idle connections. */
  stop(): void {
    for (const { target } of [...this.#groups.values()]) this.forget(target);
  }

  #groupOf(target: Target): Group {
    const known = this.#known.get(target);
    if (known !== undefined && !known.isForgotten) return known;
    const key = keyOf(target);
    const group = this.#groups.get(key) ?? {
      target,
      isForgotten: false,
      idle: [],
      silentUntilMs: 0,
      silenceMs: 0,
    };
    this.#groups.set(key, group);
    this.#known.set(target, group);
    return group;
  }

  #idleConnection(target: Target, { connection, openedMs }: KeptConnection): IdleConnection {
    const onEnd = (): void => this.#ended(this.#groupOf(target), idle);
    const user = { onReady: nothing, onResponse: onEnd, onBroken: onEnd };
    const idle = { connection, openedMs, idleMs: 0, user };
    return idle;
  }

  #ended(group: Group, kept: IdleConnection): void {
    const index = group.idle.indexOf(kept);
    if (index !== -1) group.idle.splice(index, 1);
    kept.connection.close();
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < group.silentUntilMs) return;
    const isShort = nowMs - kept.idleMs < SHORT_IDLENESS_MS;
    group.silenceMs = isShort
      ? Math.min(LONGEST_SILENCE_MS, Math.max(SHORT_IDLENESS_MS, 2 * group.silenceMs))
      : 0;
    group.silentUntilMs = nowMs + group.silenceMs;
    this.#deps.onEnd(group.target);
  }
}

function nothing(): void {}

function isIdleConnection(kept: KeptConnection): kept is IdleConnection {
  return 'user' in kept;
}

function indexOf(idle: readonly KeptConnection[], settings: HttpConnectionSettings): number {
  return idle.findIndex(({ connection }) => isSame(connection.settings, settings));
}

function isSame(a: HttpConnectionSettings, b: HttpConnectionSettings): boolean {
  return (
    a.target.port === b.target.port &&
    a.version === b.version &&
    a.tls?.context === b.tls?.context &&
    a.tls?.serverName === b.tls?.serverName &&
    a.tls?.verification === b.tls?.verification
  );
}

function keyOf({ podUid, address, port }: Target): string {
  return `${podUid} ${address} ${port}`;
}
