import { type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { type LoginSettings, login } from '#lib/probe/probers/postgresql-login.ts';
import type { PostgresqlSession } from '#lib/probe/probers/postgresql-session.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface SessionPoolDeps {
  readonly clock: Clock;
  /** An idle session has ended and not by us: its server is probably gone. */
  readonly onSessionEnd: (target: Target) => void;
}

/** What a session is for. Sessions are shared by equal wishes. */
export interface SessionWish extends LoginSettings {
  /** Absent: no credentials. Two Secrets never share a session: it would hide that one of them is wrong. */
  readonly secretName: string | undefined;
}

/** A session in use by one run. */
export interface Lease {
  readonly session: PostgresqlSession;
  /** Whether it has been logged in for this run. */
  readonly isFresh: boolean;
  /** Gives the session back; must be called once. */
  release(): void;
}

/** So often a login is made anew: often enough to notice that logins fail, at 1/30 of the cost of one a probe. */
const LOGIN_EVERY_MS = 5 * 60_000;

/** A session that no probe has used for so long belongs to a probe that is gone. */
const UNUSED_MS = 2 * LOGIN_EVERY_MS;

/** More slow queries at a time than objects share one database by reason; bounds what one target can hold. */
const MOST_SESSIONS = 4;

interface Held {
  readonly session: PostgresqlSession;
  readonly version: string;
  readonly openedMs: number;
  usedMs: number;
}

interface Group {
  readonly target: Target;
  version: string;
  /** Idle, in use and being opened. */
  count: number;
  idle: Held[];
  isForgotten: boolean;
}

/** Sessions held open between probes, by target, database and Secret. */
export class PostgresqlSessionPool {
  readonly #deps: SessionPoolDeps;
  readonly #groups = new Map<string, Group>();
  readonly #live = new Set<PostgresqlSession>();
  #cancelSweep: (() => void) | undefined;

  constructor(deps: SessionPoolDeps) {
    this.#deps = deps;
  }

  /**
   * An idle session or, with `onlyFresh` or where none is idle, a login. The outcome of a failed login otherwise.
   * An aborted signal ends a login under way. Never rejects.
   */
  async lease(wish: SessionWish, signal: AbortSignal, onlyFresh = false): Promise<Lease | ProbeOutcome> {
    const group = this.#groupOf(wish);
    const idle = onlyFresh ? undefined : this.#takeIdle(group);
    if (idle !== undefined) {
      return this.#leaseOf(group, idle, false);
    }
    if (group.count >= MOST_SESSIONS) {
      return unknown(
        'CheckerStalled',
        `all ${MOST_SESSIONS} sessions to ${wish.target.port} are busy with slow queries`,
      );
    }
    group.count += 1;
    const result = await login(wish, signal);
    if (result.kind === 'failed') {
      group.count -= 1;
      return result.outcome;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const held = {
      session: result.session,
      version: wish.credentials.version,
      openedMs: nowMs,
      usedMs: nowMs,
    };
    this.#watch(group, held);
    return this.#leaseOf(group, held, true);
  }

  /** Ends the sessions with this target. */
  forget(target: Target): void {
    for (const [key, group] of this.#groups) {
      if (isSameTarget(group.target, target)) {
        this.#groups.delete(key);
        this.#retire(group);
      }
    }
  }

  /** Ends all sessions; fulfilled when their connections are gone. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const group of this.#groups.values()) {
      this.#retire(group);
    }
    this.#groups.clear();
    await Promise.all([...this.#live].map((session) => session.terminate(this.#deps.clock)));
  }

  #groupOf({ target, database, secretName, credentials }: SessionWish): Group {
    const key = JSON.stringify([target.podUid, target.address, target.port, database, secretName]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { target, version: credentials.version, count: 0, idle: [], isForgotten: false };
      this.#groups.set(key, group);
      this.#scheduleSweep();
    }
    if (group.version !== credentials.version) {
      group.version = credentials.version;
      this.#endIdle(group, () => true);
    }
    return group;
  }

  /** The last used one, so that those beyond the need fall out of use. */
  #takeIdle(group: Group): Held | undefined {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#endIdle(group, (held) => nowMs - held.openedMs >= LOGIN_EVERY_MS || held.session.isInTransaction);
    return group.idle.pop();
  }

  #leaseOf(group: Group, held: Held, isFresh: boolean): Lease {
    const release = (): void => {
      if (held.session.isEnded) {
        return;
      }
      held.usedMs = this.#deps.clock.monotonicMs();
      if (group.isForgotten || held.version !== group.version) {
        void held.session.terminate(this.#deps.clock);
      } else {
        group.idle.push(held);
      }
    };
    return { session: held.session, isFresh, release };
  }

  #watch(group: Group, held: Held): void {
    this.#live.add(held.session);
    void held.session.ended.then(() => {
      this.#live.delete(held.session);
      group.count -= 1;
      if (group.idle.includes(held)) {
        group.idle = group.idle.filter((other) => other !== held);
        this.#deps.onSessionEnd(group.target);
      }
    });
  }

  #retire(group: Group): void {
    group.isForgotten = true;
    this.#endIdle(group, () => true);
  }

  #endIdle(group: Group, isOver: (held: Held) => boolean): void {
    const over = group.idle.filter(isOver);
    group.idle = group.idle.filter((held) => !over.includes(held));
    for (const { session } of over) {
      void session.terminate(this.#deps.clock);
    }
  }

  #scheduleSweep(): void {
    this.#cancelSweep ??= this.#deps.clock.schedule(LOGIN_EVERY_MS, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
    });
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [key, group] of this.#groups) {
      this.#endIdle(group, (held) => nowMs - held.usedMs >= UNUSED_MS);
      if (group.count === 0) {
        this.#groups.delete(key);
      }
    }
    if (this.#groups.size > 0) {
      this.#scheduleSweep();
    }
  }
}

function isSameTarget(one: Target, other: Target): boolean {
  return one.podUid === other.podUid && one.address === other.address && one.port === other.port;
}
