import type { Target } from '#lib/core/probe/target.ts';
import { type Held, HeldByTarget } from '#lib/probe/held-by-target.ts';
import type {
  HttpConnection,
  HttpConnectionSettings,
  HttpConnectionUser,
} from '#lib/probe/probers/http-connection.ts';
import type { HttpLeg } from '#lib/probe/probers/http-leg.ts';
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

/** What a leg says of its connection. */
type Peer = Pick<HttpLeg, 'target' | 'connection'>;

/** What is known of a target. */
interface Group extends Held {
  /** The first of the idle ones, and nearly always the only one: a list of these takes no memory of its own. */
  idle: KeptConnection | undefined;
  /** Before this time no end is told. */
  silentUntilMs: number;
  silenceMs: number;
}

/** Hears of the end of a connection that was idle. */
interface IdleOwner {
  ended(kept: KeptConnection): void;
}

/** A connection that outlives its runs. While no run has it, it is its own user. */
export class KeptConnection implements HttpConnectionUser {
  readonly connection: HttpConnection;
  /** Since when it has stood. Whole milliseconds: a fraction takes a place of memory of its own. */
  readonly openedMs: number;
  /** Since when it is idle, likewise. */
  idleMs: number;
  readonly group: Group;
  /** While idle: the next idle one of the group. */
  next: KeptConnection | undefined;
  readonly #owner: IdleOwner;

  constructor(
    connection: HttpConnection,
    group: Group,
    { nowMs, owner }: { nowMs: number; owner: IdleOwner },
  ) {
    this.connection = connection;
    this.group = group;
    this.openedMs = Math.round(nowMs);
    this.idleMs = this.openedMs;
    this.#owner = owner;
  }

  onReady(): void {}

  onResponse(): void {
    this.#owner.ended(this);
  }

  onBroken(): void {
    this.#owner.ended(this);
  }
}

/**
 * Idle HTTP connections, one for each target and settings, that probes use in turn. Their end is told at once, so
 * that a process that dies is probed at once; of a server that closes idle connections soon, less and less often.
 */
export class KeptHttpConnections {
  readonly #deps: KeptHttpConnectionsDeps;
  readonly #owner: IdleOwner = { ended: (kept) => this.#ended(kept) };
  readonly #groups = new HeldByTarget<Group>((target) => ({
    ...{ target, isReleased: false, idle: undefined, silentUntilMs: 0, silenceMs: 0 },
  }));

  constructor(deps: KeptHttpConnectionsDeps) {
    this.#deps = deps;
  }

  /** An idle connection that a leg of a run for the target can use, which is the caller's from then on. */
  take(target: Target, { target: { port }, connection }: Peer): KeptConnection | undefined {
    const group = this.#groups.of(target);
    const kept = find(group, port, connection);
    if (kept !== undefined) takeOut(group, kept);
    return kept;
  }

  /** Takes a new connection over that a run for the target has no use for at the moment. */
  keep(target: Target, connection: HttpConnection): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const group = this.#groups.of(target);
    this.keepAgain(new KeptConnection(connection, group, { nowMs, owner: this.#owner }));
  }

  /** Takes back what `take` has given. */
  keepAgain(kept: KeptConnection): void {
    const { connection, openedMs, group } = kept;
    const nowMs = this.#deps.clock.monotonicMs();
    const isSurplus =
      group.isReleased || find(group, connection.target.port, connection.settings) !== undefined;
    if (isSurplus || nowMs - openedMs >= LONGEST_LIFE_MS) {
      connection.close();
      return;
    }
    kept.idleMs = Math.round(nowMs);
    connection.user = kept;
    kept.next = group.idle;
    group.idle = kept;
  }

  /** Ends the idle connections of the target. */
  forget(target: Target): void {
    const group = this.#groups.release(target);
    if (group !== undefined) endAll(group);
  }

  /** Ends all idle connections. */
  stop(): void {
    for (const group of this.#groups.releaseAll()) endAll(group);
  }

  #ended(kept: KeptConnection): void {
    const { group } = kept;
    takeOut(group, kept);
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

function endAll(group: Group): void {
  for (let kept = group.idle; kept !== undefined; kept = kept.next) kept.connection.close();
}

/** A redirect may have led to another port of the pod. */
function find({ idle }: Group, port: number, settings: HttpConnectionSettings): KeptConnection | undefined {
  let kept = idle;
  while (kept !== undefined && !serves(kept.connection, port, settings)) kept = kept.next;
  return kept;
}

/** Takes one out of those that are idle, if it is among them. */
function takeOut(group: Group, kept: KeptConnection): void {
  if (group.idle === kept) group.idle = kept.next;
  for (let other = group.idle; other !== undefined; other = other.next) {
    if (other.next === kept) other.next = kept.next;
  }
  kept.next = undefined;
}

function serves({ target, settings }: HttpConnection, port: number, wanted: HttpConnectionSettings): boolean {
  return target.port === port && isSame(settings, wanted);
}

function isSame(a: HttpConnectionSettings, b: HttpConnectionSettings): boolean {
  return (
    a.version === b.version &&
    a.tls?.context === b.tls?.context &&
    a.tls?.serverName === b.tls?.serverName &&
    a.tls?.verification === b.tls?.verification
  );
}
