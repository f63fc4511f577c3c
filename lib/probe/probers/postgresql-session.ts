import { type Client, DatabaseError } from 'pg';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';
import { answerOutcome, type FirstValue } from '#lib/probe/probers/postgresql-answer.ts';
import { type SessionNames, serverErrorOutcome } from '#lib/probe/probers/postgresql-error.ts';
import { type PostgresqlStream, PostgresqlStreamError } from '#lib/probe/probers/postgresql-stream.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** `ended`: the session broke before it answered; the outcome says how. */
export interface QueryResult {
  readonly kind: 'answered' | 'ended';
  readonly outcome: ProbeOutcome;
}

/** The message with which a client takes leave: PostgreSQL protocol, "Terminate". */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

/** How long the server may take to close after that; it does so at once unless it is stopped. */
const LEAVE_MS = 1000;

/** The server gives a query up this much after the caller has, so that both never race to name the reason. */
const SERVER_MARGIN_MS = 100;

/** One login that stands. Queries must not overlap. */
export class PostgresqlSession {
  readonly #client: Client;
  readonly #stream: PostgresqlStream;
  readonly #names: SessionNames;
  readonly #ended = Promise.withResolvers<void>();
  #isEnded = false;
  #isLeaving = false;

  constructor(client: Client, stream: PostgresqlStream, names: SessionNames) {
    this.#client = client;
    this.#stream = stream;
    this.#names = names;
    // Every error is followed by the stream's end; a query under way gets the error itself.
    client.on('error', () => stream.destroy());
    stream.once('close', () => {
      this.#isEnded = true;
      this.#ended.resolve();
    });
  }

  get isEnded(): boolean {
    return this.#isEnded || this.#stream.destroyed;
  }

  /** Whether the last query left a transaction open, which would reach into the next one. */
  get isInTransaction(): boolean {
    return this.#client.getTransactionStatus() !== 'I';
  }

  /** Fulfilled when the connection is gone, whoever ended it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Runs the query and judges the first column of its first row. The caller bounds its own wait, `timeoutMs`, with
   * `destroy`; the server gives up by itself a little later. Never rejects.
   */
  query(text: string, timeoutMs: number): Promise<QueryResult> {
    const { promise, resolve } = Promise.withResolvers<QueryResult>();
    this.#stream.resetBound();
    // One message, hence one implicit transaction and one round trip: the setting ends with the query and does not
    // leak through a connection pooler to other clients, as one for the session would.
    const limited = `SET LOCAL statement_timeout = ${Math.ceil(timeoutMs) + SERVER_MARGIN_MS};${text}`;
    this.#client.query(
      { text: limited, rowMode: 'array', types: TEXT_ONLY },
      (error: unknown, results: unknown) => {
        if (error) {
          this.#whenReady(() => resolve(this.#failed(error)));
        } else {
          resolve({ kind: 'answered', outcome: answerOutcome(firstValue(results)) });
        }
      },
    );
    return promise;
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** Takes leave of the server, which then closes first, so that no side keeps a connection in TIME_WAIT. */
  terminate(clock: Clock): Promise<void> {
    if (!this.isEnded && !this.#isLeaving) {
      this.#isLeaving = true;
      const cancel = clock.schedule(LEAVE_MS, () => this.#stream.destroy());
      void this.ended.then(cancel);
      this.#stream.write(TERMINATE);
    }
    return this.ended;
  }

  /** After an error report the session is usable only when the server says so; after a fatal one it ends. */
  #whenReady(callback: () => void): void {
    if (this.isEnded) {
      callback();
      return;
    }
    this.#client.once('drain', callback);
    void this.ended.then(callback);
  }

  #failed(error: unknown): QueryResult {
    const kind = this.isEnded ? 'ended' : 'answered';
    return { kind, outcome: sessionErrorOutcome(error, this.#names, 'query') };
  }
}

/** What an error of a login or of a query says about the target. */
export function sessionErrorOutcome(
  error: unknown,
  names: SessionNames,
  during: 'login' | 'query',
): ProbeOutcome {
  const { port } = names.target;
  if (error instanceof DatabaseError) {
    return serverErrorOutcome({ sqlState: error.code ?? '', text: error.message }, names);
  }
  if (error instanceof PostgresqlStreamError) {
    return failure('ProtocolError', `${port} answered the ${during} with ${error.message}`);
  }
  if (error instanceof Error && error.message.startsWith('SASL')) {
    return failure(
      'AuthenticationFailed',
      `${port} did not complete the SCRAM exchange for user ${names.user}`,
    );
  }
  return errorCode(error) === ''
    ? failure('ConnectionClosed', `${port} closed the connection during the ${during}`)
    : connectErrorOutcome(error, names.target);
}

/** The results of one message come as a list, the first for the setting above. */
function firstValue(results: unknown): FirstValue {
  const answer: unknown = Array.isArray(results) ? results[1] : undefined;
  if (typeof answer !== 'object' || answer === null || !('rows' in answer) || !Array.isArray(answer.rows)) {
    return undefined;
  }
  const row: unknown = answer.rows[0];
  const value: unknown = Array.isArray(row) ? row[0] : undefined;
  return typeof value === 'string' || value === null ? value : undefined;
}

/** Values stay as the server writes them: no parser runs over what a server sends. */
const TEXT_ONLY = { getTypeParser: () => (value: string) => value };
