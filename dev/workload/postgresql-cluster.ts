import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import {
  POSTGRESQL_PASSWORD,
  POSTGRESQL_PORT,
  POSTGRESQL_USER,
  type PostgresqlMember,
  type PostgresqlRole,
  PostgresqlServer,
  type StopMode,
} from './postgresql-server.ts';

/**
 * A primary and its streaming standbys: real PostgreSQL servers, one a pod. The cluster decides nothing by
 * itself; whoever uses it stops the primary and promotes a standby.
 */
export class PostgresqlCluster {
  readonly #host: ProcessHost;
  readonly #servers = new Map<string, PostgresqlServer>();
  #primary: PostgresqlServer | undefined;

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  /** Name of the member that was made primary last, whether it runs or not. Throws before the first has joined. */
  get primary(): string {
    return this.#primaryServer().member.name;
  }

  /**
   * Starts a member and waits until it takes queries: the first with an empty database and the table `traffic`
   * as the primary, each further one as a standby with a copy of the primary.
   */
  async join(member: PostgresqlMember): Promise<void> {
    const server = new PostgresqlServer(this.#host, member);
    this.#servers.set(member.name, server);
    if (this.#primary !== undefined) return this.#follow(server);
    this.#primary = server;
    await server.initialize();
    await server.start();
    await server.query('CREATE TABLE traffic (at timestamptz NOT NULL DEFAULT now())');
  }

  /** Brings the primary down. Nobody is primary until `promote`. */
  stopPrimary(mode: StopMode): Promise<void> {
    return this.#primaryServer().stop(mode);
  }

  /**
   * Makes a standby the primary, waits until it takes writes, and lets the other running standbys follow it.
   * The old primary must be down.
   */
  async promote(name: string, deadlineMs = 5_000): Promise<void> {
    if (this.#primaryServer().isRunning()) {
      throw new Error(`promote ${name}: ${this.primary} still runs, stop it first`);
    }
    const server = this.#serverOf(name);
    await server.query('SELECT pg_promote(wait => false)');
    await waitFor(
      `PostgreSQL ${name} to be primary`,
      async () => ((await server.role()) === 'primary' ? true : undefined),
      { deadlineMs, intervalMs: 20 },
    );
    this.#primary = server;
    const others = [...this.#servers.values()].filter((other) => other !== server && other.isRunning());
    await Promise.all(others.map((other) => this.#redirect(other)));
  }

  /** Gives a member that is down a fresh copy of the primary and starts it as its standby. */
  startAsStandby(name: string): Promise<void> {
    const server = this.#serverOf(name);
    if (server.isRunning()) {
      throw new Error(`start ${name} as standby: it still runs, stop it first`);
    }
    return this.#follow(server);
  }

  /** What the member says of itself; `down` when it does not answer. */
  roleOf(name: string): Promise<PostgresqlRole> {
    return this.#serverOf(name).role();
  }

  /** Stops one member, whatever its role. */
  stopMember(name: string, mode: StopMode): Promise<void> {
    return this.#serverOf(name).stop(mode);
  }

  /** Lets a member keep its connections and answer nothing. */
  freeze(name: string): void {
    this.#serverOf(name).freeze();
  }

  /** Ends `freeze`. */
  thaw(name: string): void {
    this.#serverOf(name).thaw();
  }

  /** How many rows of traffic a member has stored or received. */
  async rowsAt(name: string): Promise<number> {
    const [row] = await this.#serverOf(name).query<{ rows: number }>(
      'SELECT count(*)::int AS rows FROM traffic',
    );
    return row?.rows ?? 0;
  }

  #primaryServer(): PostgresqlServer {
    if (this.#primary === undefined) throw new Error('no PostgreSQL member has joined yet');
    return this.#primary;
  }

  #serverOf(name: string): PostgresqlServer {
    const server = this.#servers.get(name);
    if (server === undefined) {
      throw new Error(`no PostgreSQL member ${name}; there are ${[...this.#servers.keys()].join(', ')}`);
    }
    return server;
  }

  async #follow(server: PostgresqlServer): Promise<void> {
    await server.copyFrom(this.#primaryServer().member);
    await server.start();
  }

  async #redirect(standby: PostgresqlServer): Promise<void> {
    const { address } = this.#primaryServer().member;
    const connection = `host=${address} port=${POSTGRESQL_PORT} user=${POSTGRESQL_USER} password=${POSTGRESQL_PASSWORD}`;
    await standby.query(`ALTER SYSTEM SET primary_conninfo = '${connection}'`);
    await standby.query('SELECT pg_reload_conf()');
  }
}
