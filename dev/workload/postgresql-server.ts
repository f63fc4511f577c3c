import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import { postgresqlBinaries, postgresqlUser } from './postgresql-binaries.ts';
import { signalTree } from './process-tree.ts';
import { runProgram } from './run-program.ts';

export const POSTGRESQL_PORT = 5432;

/** Credentials of the examples' Secret. */
export const POSTGRESQL_USER = 'postgres';
export const POSTGRESQL_PASSWORD = 'example';

/** Durability is of no use here; what counts is a quick start, and replicas that follow at once. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: '100',
  wal_keep_size: '256MB',
  wal_retrieve_retry_interval: '200ms',
  jit: 'off',
  log_min_messages: 'warning',
} as const;

const ACCESS_RULES = ['local all all', 'host all all all', 'host replication all all']
  .map((rule) => `${rule} scram-sha-256\n`)
  .join('');

/** Where a server belongs. */
export interface PostgresqlMember {
  readonly name: string;
  /** The address that it listens on and that its peers reach it at. */
  readonly address: string;
  /** Network namespace with that address; absent: the one of this process. */
  readonly netns?: string;
}

export type PostgresqlRole = 'primary' | 'standby' | 'down';

/** How a server is brought down: `fast` takes leave of its clients, `kill` is what a power cut does. */
export type StopMode = 'fast' | 'immediate' | 'kill';

/** One PostgreSQL server with its data directory. Every operation throws when it misses its deadline. */
export class PostgresqlServer {
  readonly member: PostgresqlMember;
  readonly #host: ProcessHost;
  readonly #directory: string;
  #process: ManagedProcess | undefined;

  constructor(host: ProcessHost, member: PostgresqlMember) {
    this.#host = host;
    this.member = member;
    this.#directory = host.directory(`postgresql-${member.name}`, 0o700);
    const { uid, gid } = postgresqlUser();
    chownSync(this.#directory, uid, gid);
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  isRunning(): boolean {
    return this.#process?.isRunning() ?? false;
  }

  /** Makes a new, empty database cluster in place of what was there. */
  async initialize(): Promise<void> {
    this.#makeRoom();
    const passwordFile = join(this.#directory, 'password');
    writeFileSync(passwordFile, POSTGRESQL_PASSWORD);
    const words = ['--auth=scram-sha-256', '--no-sync', '--no-instructions', '--locale=C', '--encoding=UTF8'];
    await this.#run('initdb', [...words, '-U', POSTGRESQL_USER, '--pwfile', passwordFile, '-D', this.#data]);
    writeFileSync(join(this.#data, 'pg_hba.conf'), ACCESS_RULES);
  }

  /** Copies the database cluster of a running server in place of what was there, ready to follow it. */
  async copyFrom(source: PostgresqlMember): Promise<void> {
    this.#makeRoom();
    const from = ['-h', source.address, '-p', String(POSTGRESQL_PORT), '-U', POSTGRESQL_USER];
    const how = ['--checkpoint=fast', '--no-sync', '--wal-method=stream', '--write-recovery-conf'];
    await this.#run('pg_basebackup', [...from, ...how, '-D', this.#data]);
  }

  /** Starts the server and waits until it takes queries. */
  async start(deadlineMs = 10_000): Promise<void> {
    const { address, netns, name } = this.member;
    const settings = {
      ...SETTINGS,
      listen_addresses: address,
      port: POSTGRESQL_PORT,
      unix_socket_directories: this.#directory,
    };
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    this.#process = await this.#host.start({
      name: `postgresql-${name}`,
      command: `${postgresqlBinaries()}/postgres`,
      args: ['-D', this.#data, ...flags],
      ...postgresqlUser(),
      ...(netns === undefined ? {} : { netns }),
    });
    await waitFor(`PostgreSQL ${name} to take queries`, async () => this.query('SELECT 1'), { deadlineMs });
  }

  /** Brings the server down and waits for its end. Does nothing when it is down. */
  async stop(mode: StopMode, deadlineMs = 5_000): Promise<void> {
    const server = this.#process;
    if (server === undefined || !server.isRunning()) {
      return;
    }
    if (mode === 'kill') {
      signalTree(server.pid, 'SIGKILL');
      await server.exited;
    } else {
      await server.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', deadlineMs);
    }
  }

  /** Stops the server and its sessions in their tracks: connections stay open, nothing answers. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  /** Lets a frozen server go on. */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** What the server says of itself; `down` when it does not answer. */
  async role(): Promise<PostgresqlRole> {
    try {
      const [row] = await this.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
      return row?.standby ? 'standby' : 'primary';
    } catch {
      return 'down';
    }
  }

  /** Runs one statement through the server's socket file, which needs no network. */
  async query<Row extends pg.QueryResultRow>(text: string, deadlineMs = 2_000): Promise<readonly Row[]> {
    const client = new pg.Client({
      host: this.#directory,
      port: POSTGRESQL_PORT,
      user: POSTGRESQL_USER,
      password: POSTGRESQL_PASSWORD,
      database: 'postgres',
      connectionTimeoutMillis: deadlineMs,
      query_timeout: deadlineMs,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Row>(text)).rows;
    } finally {
      client.end().catch(() => {});
    }
  }

  #makeRoom(): void {
    const { uid, gid } = postgresqlUser();
    rmSync(this.#data, { recursive: true, force: true });
    mkdirSync(this.#data, { mode: 0o700 });
    chownSync(this.#data, uid, gid);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#process?.isRunning()) {
      signalTree(this.#process.pid, signal);
    }
  }

  #run(program: string, args: readonly string[]): Promise<void> {
    const { name, netns } = this.member;
    const spec = {
      name: `${program}-${name}`,
      command: `${postgresqlBinaries()}/${program}`,
      args,
      cwd: '/',
      env: { PGPASSWORD: POSTGRESQL_PASSWORD },
      ...postgresqlUser(),
      ...(netns === undefined ? {} : { netns }),
    };
    return runProgram(this.#host, spec, 15_000);
  }
}
