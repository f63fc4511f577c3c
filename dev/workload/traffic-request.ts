import { request } from 'node:http';
import { connect } from 'node:net';
import pg from 'pg';
import { assertNever } from '#lib/core/assert-never.ts';
import type { TrafficResult, TrafficStream } from './traffic-sample.ts';

/** SQLSTATE of a write on a server that is in recovery. */
const READ_ONLY_TRANSACTION = '25006';

/**
 * Makes one request of the stream on a new connection. Never throws; ends by the stream's deadline. A request that lasts is
 * ended before by the signal, as soon as the connection has shown that it still carries something.
 */
export async function requestOnce(stream: TrafficStream, ending: AbortSignal): Promise<TrafficResult> {
  try {
    switch (stream.kind) {
      case 'http':
        return { kind: 'answered', by: await askHttp(stream) };
      case 'http-hold':
        return { kind: 'answered', by: await holdHttp(stream, ending) };
      case 'smtp':
        return { kind: 'answered', by: await askSmtp(stream) };
      case 'postgresql-read':
        return await withDatabase(stream, read);
      case 'postgresql-write':
        return await withDatabase(stream, write);
      default:
        return assertNever(stream.kind, 'traffic kind');
    }
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code}: ${error.message}`;
}

function askHttp(stream: TrafficStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: stream.address,
        port: stream.port,
        path: '/',
        agent: false,
        signal: AbortSignal.timeout(stream.timeoutMs),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(body.trim())
            : reject(new Error(`HTTP status ${response.statusCode}`)),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject).end();
  });
}

/** Silence on a connection for so long is as bad as its end. */
const LONGEST_SILENCE_MS = 3_000;

function holdHttp(stream: TrafficStream, ending: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let by = '';
    const outgoing = request({ host: stream.address, port: stream.port, path: '/hold', agent: false });
    const finish = () => {
      clearTimeout(end);
      outgoing.destroy();
      if (by === '') reject(new Error('timeout'));
      else resolve(by);
    };
    const end = setTimeout(finish, stream.timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(end);
      outgoing.destroy();
      reject(error);
    };
    outgoing.setTimeout(LONGEST_SILENCE_MS, () => fail(new Error('silence')));
    outgoing.on('response', (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        by ||= chunk.split('\n')[0] ?? '';
        if (ending.aborted) finish();
      });
      response.on('end', () => fail(new Error('lost: the connection ended')));
      response.on('error', fail);
    });
    outgoing.on('error', fail).end();
  });
}

function askSmtp(stream: TrafficStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: stream.address, port: stream.port });
    const deadline = setTimeout(() => fail(new Error('timeout')), stream.timeoutMs);
    let received = '';
    function fail(error: Error): void {
      clearTimeout(deadline);
      socket.destroy();
      reject(error);
    }
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk;
      const banner = /^220 (\S+).*\r\n/.exec(received);
      if (banner !== null) {
        clearTimeout(deadline);
        socket.end('QUIT\r\n');
        socket.removeAllListeners('close');
        resolve(banner[1] ?? '');
      }
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('closed before the banner')));
  });
}

async function withDatabase(
  stream: TrafficStream,
  use: (client: pg.Client) => Promise<TrafficResult>,
): Promise<TrafficResult> {
  const client = new pg.Client({
    host: stream.address,
    port: stream.port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: stream.timeoutMs,
    query_timeout: stream.timeoutMs,
  });
  // A server that dies between two queries says so here; the next query fails by itself.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    client.end().catch(() => {});
  }
}

async function addressOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ address: string }>('SELECT host(inet_server_addr()) AS address');
  return rows[0]?.address ?? '';
}

async function read(client: pg.Client): Promise<TrafficResult> {
  return { kind: 'answered', by: await addressOf(client) };
}

async function write(client: pg.Client): Promise<TrafficResult> {
  try {
    const { rows } = await client.query<{ address: string }>(
      'INSERT INTO traffic DEFAULT VALUES RETURNING host(inet_server_addr()) AS address',
    );
    return { kind: 'answered', by: rows[0]?.address ?? '' };
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === READ_ONLY_TRANSACTION) {
      return { kind: 'wrong', by: await addressOf(client), message: error.message };
    }
    throw error;
  }
}
