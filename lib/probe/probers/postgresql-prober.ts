import type { PostgresqlProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Credentials, CredentialsLookup } from '#lib/probe/credentials.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import { bug } from '#lib/probe/probe-run.ts';
import type { Prober } from '#lib/probe/prober.ts';
import type { QueryResult } from '#lib/probe/probers/postgresql-session.ts';
import {
  type Lease,
  PostgresqlSessionPool,
  type SessionPoolDeps,
  type SessionWish,
} from '#lib/probe/probers/postgresql-session-pool.ts';
import type { PostgresqlTls } from '#lib/probe/probers/postgresql-transport.ts';
import type { TlsContexts } from '#lib/probe/tls-contexts.ts';
import type { Verification } from '#lib/probe/tls-handshake.ts';

export interface PostgresqlProberDeps extends SessionPoolDeps {
  readonly credentials: CredentialsLookup;
  readonly tlsContexts: TlsContexts;
}

export interface PostgresqlProber {
  /** Sessions stay open between runs until `forget` or `stop`. */
  readonly run: Prober<PostgresqlProbe>;
  forget(target: Target): void;
  /** Takes leave of every server; fulfilled when the connections are gone, within about a second. */
  stop(): Promise<void>;
}

/** A probe without a Secret: works where the server trusts its peer. */
const NO_CREDENTIALS: Credentials = { user: 'postgres', password: '', version: '' };

/**
 * Success: the first column of the first row is true. Queries share sessions that are held open; queries that run
 * at the same time have sessions of their own. Every session is replaced by a fresh login every five minutes.
 */
export function createPostgresqlProber(deps: PostgresqlProberDeps): PostgresqlProber {
  const pool = new PostgresqlSessionPool(deps);
  return {
    run: (probe, target, deadlineMs) => {
      const wish = wishOf(deps, probe, target);
      if ('kind' in wish) return wish;
      const progress: Progress = { phase: 'login' };
      const abort = new AbortController();
      return {
        start(settler) {
          const remainingMs = (): number => deadlineMs - deps.clock.monotonicMs();
          const ask = { pool, wish, query: probe.query, remainingMs, signal: abort.signal, progress };
          answer(ask)
            .catch(bug)
            .then((outcome) => settler.settle(outcome));
        },
        onTimeout: () => timeout(probe, target, progress),
        release: () => abort.abort(),
      };
    },
    forget: (target) => pool.forget(target),
    stop: () => pool.stop(),
  };
}

interface Progress {
  phase: 'login' | 'query';
}

interface Ask {
  readonly pool: PostgresqlSessionPool;
  readonly wish: SessionWish;
  readonly query: string;
  readonly remainingMs: () => number;
  /** Aborted when the run is over, however it ended. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function answer(ask: Ask): Promise<ProbeOutcome> {
  const lease = await ask.pool.lease(ask.wish, ask.signal);
  if ('kind' in lease) {
    return lease;
  }
  const result = await runQuery(ask, lease);
  if (result.kind === 'answered' || lease.isFresh || ask.signal.aborted) {
    return result.outcome;
  }
  // A session may be closed for being idle in the very moment it is used: only a fresh login tells.
  ask.progress.phase = 'login';
  const fresh = await ask.pool.lease(ask.wish, ask.signal, true);
  return 'kind' in fresh ? fresh : (await runQuery(ask, fresh)).outcome;
}

async function runQuery({ query, remainingMs, signal, progress }: Ask, lease: Lease): Promise<QueryResult> {
  const { session } = lease;
  if (signal.aborted) {
    lease.release();
    return { kind: 'ended', outcome: unknown('Cancelled', 'the run was over before the query') };
  }
  progress.phase = 'query';
  const onAbort = (): void => session.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await session.query(query, remainingMs());
  } finally {
    signal.removeEventListener('abort', onAbort);
    lease.release();
  }
}

function wishOf(
  deps: PostgresqlProberDeps,
  probe: PostgresqlProbe,
  target: Target,
): SessionWish | ProbeOutcome {
  const { secretName } = probe;
  const found = secretName === undefined ? NO_CREDENTIALS : deps.credentials(target.namespace, secretName);
  if ('missing' in found) {
    return unknown('CredentialsMissing', found.missing);
  }
  if ('invalid' in found) {
    return unknown('CredentialsInvalid', found.invalid);
  }
  const database = probe.database ?? found.user;
  if (database.includes('\0') || probe.query.includes('\0')) {
    return unknown('InvalidSettings', 'dbName and query must not hold a zero byte');
  }
  const tls = tlsOf(deps.tlsContexts, found, target);
  if ('kind' in tls) {
    return unknown('CredentialsInvalid', `Secret ${target.namespace}/${secretName ?? ''}: ${tls.message}`);
  }
  return { target, database, credentials: found, tls, secretName };
}

function tlsOf(
  contexts: TlsContexts,
  { tlsMode, caCert, clientCert, clientKey }: Credentials,
  target: Target,
): PostgresqlTls | { readonly kind: 'invalid'; readonly message: string } {
  if (tlsMode === 'Disabled') {
    return { use: 'never' };
  }
  const verification = verificationOf(tlsMode);
  const found = contexts.get({
    ...(caCert !== undefined && verification !== 'none' && { caCert }),
    ...(clientCert !== undefined && { clientCert }),
    ...(clientKey !== undefined && { clientKey }),
  });
  if (found.kind === 'invalid') {
    return found;
  }
  const settings = { context: found.context, verification, serverName: target.address };
  return { use: tlsMode === undefined ? 'ifOffered' : 'always', settings };
}

function verificationOf(tlsMode: Credentials['tlsMode']): Verification {
  switch (tlsMode) {
    case 'VerifyAll':
      return 'chainAndName';
    case 'VerifyCA':
      return 'chain';
    default:
      return 'none';
  }
}

function timeout({ timeoutMs }: PostgresqlProbe, { port }: Target, { phase }: Progress): ProbeOutcome {
  const within = `within ${durationText(timeoutMs)}`;
  return phase === 'login'
    ? failure('Timeout', `no login on ${port} ${within}`)
    : failure('Timeout', `the query on ${port} was not answered ${within}`);
}
