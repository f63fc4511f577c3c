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
  readonly #servers: ReadonlyMap<string, PostgresqlServer>;
  #primary: PostgresqlServer;

  /** The first member becomes the primary. Nothing runs until `start`. */
  constructor(host: ProcessHost, members: readonly [PostgresqlMember, ...PostgresqlMember[]]) {
    const servers = members.map((member) => new PostgresqlServer(host, member));
    this.#servers = new Map(servers.map((server) => [server.member.name, server]));
    this.#primary = this.#serverOf(members[0].name);
  }

  /** Name of the member that was made primary last, whether it runs or not. */
  get primary(): string {
    return this.#primary.member.name;
  }

  /** Starts the primary, the table `traffic`, and the standbys; all take queries when it resolves. */
  async start(): Promise<void> {
    await this.#primary.initialize();
    await this.#primary.start();
    await this.#primary.query('CREATE TABLE traffic (at timestamptz NOT NULL DEFAULT now())');
    const standbys = [...this.#servers.values()].filter((server) => server !== this.#primary);
    await Promise.all(standbys.map((server) => this.#follow(server)));
  }

  /** Brings the primary down. Nobody is primary until `promote`. */
  stopPrimary(mode: StopMode): Promise<void> {
    return this.#primary.stop(mode);
  }

  /**
   * Makes a standby the primary, waits until it takes writes, and lets the other running standbys follow it.
   * The old primary must be down.
   */
  async promote(name: string, deadlineMs = 5_000): Promise<void> {
    if (this.#primary.isRunning()) {
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

  /** Stops every member. */
  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop('immediate')));
  }

  #serverOf(name: string): PostgresqlServer {
    const server = this.#servers.get(name);
    if (server === undefined) {
      throw new Error(`no PostgreSQL member ${name}; there are ${[...this.#servers.keys()].join(', ')}`);
    }
    return server;
  }

  async #follow(server: PostgresqlServer): Promise<void> {
    await server.copyFrom(this.#primary.member);
    await server.start();
  }

  async #redirect(standby: PostgresqlServer): Promise<void> {
    const { address } = this.#primary.member;
    const connection = `host=${address} port=${POSTGRESQL_PORT} user=${POSTGRESQL_USER} password=${POSTGRESQL_PASSWORD}`;
    await standby.query(`ALTER SYSTEM SET primary_conninfo = '${connection}'`);
    await standby.query('SELECT pg_reload_conf()');
  }
}
