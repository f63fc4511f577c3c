import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf, close, eventually, listen } from './loopback-server.ts';

/** A real PostgreSQL server in a temporary folder. The superuser `postgres` is trusted on the local socket only. */
export interface PostgresqlServer {
  readonly port: number;
  /** Runs SQL as superuser in the database and gives the unaligned output. */
  sql(text: string, database?: string): string;
  /** Everything that the server has logged so far. */
  log(): string;
  /** Ends the server: `fast` ends sessions with a message, `immediate` as a crash does. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops the backends of this user with SIGSTOP; the returned function lets them go on. */
  freeze(user: string): () => void;
  remove(): Promise<void>;
}

export interface PostgresqlOptions {
  /** Lines of `pg_hba.conf` for connections over TCP. */
  readonly hba: readonly string[];
  readonly settings?: readonly string[];
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** PostgreSQL refuses to run as root. */
const AS_NOBODY = ['--reuid=nobody', '--regid=nogroup', '--clear-groups'];

/** Where the server's programs are: Debian keeps them out of the path. */
function programFolder(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root)
    ? readdirSync(root).sort((one, other) => Number(other) - Number(one))
    : [];
  const [newest] = versions;
  return newest === undefined ? '/usr/bin' : join(root, newest, 'bin');
}

function unprivileged(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  return process.getuid?.() === 0 ? ['setpriv', [...AS_NOBODY, program, ...args]] : [program, args];
}

/** Initialises and starts a server on a free port of 127.0.0.1. */
export async function startPostgresql(options: PostgresqlOptions): Promise<PostgresqlServer> {
  const programs = programFolder();
  const folder = mkdtempSync(join(tmpdir(), 'swh-postgresql-'));
  chmodSync(folder, 0o777);
  const data = join(folder, 'data');
  const logFile = join(folder, 'server.log');
  const port = await freePort();
  const run = (program: string, ...args: readonly string[]): string => {
    const [command, all] = unprivileged(join(programs, program), args);
    return execFileSync(command, all, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C');
  configure(data, folder, port, options);
  writeFileSync(logFile, '');
  chmodSync(logFile, 0o666);

  let child: ChildProcess | undefined;
  const log = (): string => readFileSync(logFile, 'utf8');
  const sql = (text: string, database = 'postgres'): string =>
    run('psql', '-h', folder, '-p', `${port}`, '-U', 'postgres', '-d', database, '-Atc', text).trim();
  const start = async (): Promise<void> => {
    const before = log().length;
    const [command, args] = unprivileged(join(programs, 'postgres'), ['-D', data]);
    child = spawn('sh', ['-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'sh', logFile, command, ...args], {
      cwd: folder,
    });
    await eventually(
      () => log().slice(before).includes('ready to accept connections'),
      'PostgreSQL is ready',
    );
  };
  const stop = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    if (child === undefined) {
      return;
    }
    const exited = once(child, 'exit');
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await exited;
    child = undefined;
  };
  const freeze = (user: string): (() => void) => {
    const pids = sql(`select pid from pg_stat_activity where usename = '${user}'`)
      .split('\n')
      .filter(Boolean);
    const signal = (name: NodeJS.Signals): void => {
      for (const pid of pids) {
        process.kill(Number(pid), name);
      }
    };
    signal('SIGSTOP');
    return () => signal('SIGCONT');
  };
  await start();
  return {
    port,
    sql,
    log,
    start,
    stop,
    freeze,
    remove: async () => {
      await stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configure(
  data: string,
  folder: string,
  port: number,
  { hba, settings = [], tls }: PostgresqlOptions,
): void {
  const lines = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
    'fsync = off',
    'shared_buffers = 16MB',
    'log_connections = on',
    ...settings,
  ];
  if (tls !== undefined) {
    writeFileSync(join(folder, 'server.crt'), tls.cert);
    writeFileSync(join(folder, 'server.key'), tls.key, { mode: 0o600 });
    if (process.getuid?.() === 0) {
      execFileSync('chown', ['nobody:nogroup', join(folder, 'server.key')]);
    }
    lines.push('ssl = on', `ssl_cert_file = '${folder}/server.crt'`, `ssl_key_file = '${folder}/server.key'`);
    if (tls.ca !== undefined) {
      writeFileSync(join(folder, 'ca.crt'), tls.ca);
      lines.push(`ssl_ca_file = '${folder}/ca.crt'`);
    }
  }
  appendFileSync(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);
  writeFileSync(join(data, 'pg_hba.conf'), `local all all trust\n${hba.join('\n')}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await listen(server);
  const { port } = addressOf(server);
  await close(server);
  return port;
}
