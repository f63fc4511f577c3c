import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** What the messages about one login or query name. */
export interface SessionNames {
  readonly target: Target;
  readonly user: string;
  readonly database: string;
}

/** An error report of the server: its SQLSTATE, empty for bytes that are no report, and its text; neither trusted. */
export interface ServerError {
  readonly sqlState: string;
  readonly text: string;
}

/**
 * What an error report means for the probe. Messages are made of SQLSTATE, not of the server's text, which may
 * quote data and may be in any language. Codes: PostgreSQL documentation, appendix A.
 */
export function serverErrorOutcome({ sqlState, text }: ServerError, names: SessionNames): ProbeOutcome {
  const { user, database } = names;
  const { port } = names.target;
  switch (sqlState) {
    case '':
      return failure('ProtocolError', `${port} does not speak the PostgreSQL protocol`);
    case '28P01':
      return failure('AuthenticationFailed', `password authentication failed for user ${user}`);
    case '3D000':
      return failure('QueryFailed', `database ${database} does not exist`);
    case '57P03':
      return failure('NotServing', notServingText(text));
    case '53300':
      return failure('NotServing', `${port} has no connection left: too many clients`);
    case '57P01':
    case '57P02':
      return failure('ConnectionClosed', `the database system on ${port} is shutting down`);
    case '57014':
      return failure('Timeout', `the query on ${port} was cancelled by the server`);
    default:
      break;
  }
  if (sqlState.startsWith('28')) {
    return failure('AuthenticationFailed', `${port} refuses user ${user} for database ${database}`);
  }
  return failure('QueryFailed', `query on ${port} failed: ${conditionText(sqlState)}`);
}

/** The server says why in one of a few fixed sentences; anything else is not repeated. */
function notServingText(text: string): string {
  return /^the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)$/.test(
    text,
  )
    ? text
    : 'the database system does not accept connections';
}

const CONDITIONS: ReadonlyMap<string, string> = new Map([
  ['08P01', 'protocol violation'],
  ['22012', 'division by zero'],
  ['25006', 'read-only transaction'],
  ['3F000', 'invalid schema name'],
  ['42501', 'permission denied'],
  ['42601', 'syntax error'],
  ['42703', 'undefined column'],
  ['42883', 'undefined function'],
  ['42P01', 'undefined table'],
  ['53100', 'disk full'],
  ['53200', 'out of memory'],
]);

function conditionText(sqlState: string): string {
  if (!/^[0-9A-Z]{5}$/.test(sqlState)) {
    return 'error without a code';
  }
  const condition = CONDITIONS.get(sqlState);
  return condition === undefined ? `SQLSTATE ${sqlState}` : `${condition} (SQLSTATE ${sqlState})`;
}
