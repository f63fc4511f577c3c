import { Client } from 'pg';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Credentials } from '#lib/probe/credentials.ts';
import { endWithReset } from '#lib/probe/dial.ts';
import { cancelled } from '#lib/probe/probe-run.ts';
import {
  mayGivePassword,
  type PasswordMethod,
  refusalMessage,
  type Transport,
} from '#lib/probe/probers/postgresql-authentication.ts';
import { PostgresqlSession, sessionErrorOutcome } from '#lib/probe/probers/postgresql-session.ts';
import { PostgresqlStream } from '#lib/probe/probers/postgresql-stream.ts';
import { dialPostgresql, type PostgresqlTls } from '#lib/probe/probers/postgresql-transport.ts';

/** Who logs in where. */
export interface LoginSettings {
  readonly target: Target;
  readonly database: string;
  readonly credentials: Credentials;
  readonly tls: PostgresqlTls;
}

export type LoginResult =
  | { readonly kind: 'session'; readonly session: PostgresqlSession }
  | { readonly kind: 'failed'; readonly outcome: ProbeOutcome };

/** Shown in `pg_stat_activity` and in the server's log. */
const APPLICATION_NAME = 'service-with-healthchecks';

/** The work that a server can make us do for one login; its own default is 4096. */
const MOST_SCRAM_ITERATIONS = 100_000;

/** Logs in; an aborted signal drops the connection at once. Never rejects. */
export function login(settings: LoginSettings, signal: AbortSignal): Promise<LoginResult> {
  const { promise, resolve } = Promise.withResolvers<LoginResult>();
  const fail = (outcome: ProbeOutcome): void => resolve({ kind: 'failed', outcome });
  const socket = dialPostgresql(settings.target, settings.tls, {
    onReady: (stream, transport) => {
      startSession(settings, new PostgresqlStream(stream, socket), transport, resolve);
    },
    onFailed: (outcome) => {
      endWithReset(socket);
      fail(outcome);
    },
  });
  const onAbort = (): void => {
    endWithReset(socket);
    fail(cancelled());
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

/** Logs in over a stream on which the server waits for the startup message. */
export function startSession(
  { target, database, credentials }: Omit<LoginSettings, 'tls'>,
  stream: PostgresqlStream,
  transport: Transport,
  resolve: (result: LoginResult) => void,
): void {
  const { user, password, tlsMode } = credentials;
  let asked: PasswordMethod = 'scram';
  let refusal: ProbeOutcome | undefined;
  const config = {
    host: target.address,
    port: target.port,
    user,
    database,
    application_name: APPLICATION_NAME,
    ssl: false,
    scramMaxIterations: MOST_SCRAM_ITERATIONS,
    stream: () => stream,
    // A function, so that the password is handed over only after the way it is asked for is known.
    password: (): string => {
      refusal = passwordRefusal({ asked, transport, tlsMode, password }, target.port);
      if (refusal !== undefined) {
        throw new Error('the password is not given');
      }
      return password;
    },
  };
  const client = new Client(config);
  client.connection.on('authenticationCleartextPassword', () => {
    asked = 'cleartext';
  });
  client.connection.on('authenticationMD5Password', () => {
    asked = 'md5';
  });
  const names = { target, user, database };
  const session = new PostgresqlSession(client, stream, names);
  client.connect((error?: Error | null) => {
    if (error) {
      session.destroy();
      resolve({ kind: 'failed', outcome: refusal ?? sessionErrorOutcome(error, names, 'login') });
    } else {
      resolve({ kind: 'session', session });
    }
  });
}

interface PasswordRequest {
  readonly asked: PasswordMethod;
  readonly transport: Transport;
  readonly tlsMode: Credentials['tlsMode'];
  readonly password: string;
}

function passwordRefusal(request: PasswordRequest, port: number): ProbeOutcome | undefined {
  const { asked, transport, tlsMode, password } = request;
  if (password === '') {
    return failure(
      'AuthenticationFailed',
      `${port} asks for a password: name a Secret with one in authSecretName`,
    );
  }
  return mayGivePassword(asked, tlsMode, transport)
    ? undefined
    : failure('AuthenticationFailed', refusalMessage(asked, transport, port));
}
