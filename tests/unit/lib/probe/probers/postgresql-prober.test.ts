import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresqlProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { Credentials, CredentialsResult } from '#lib/probe/credentials.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { createPostgresqlProber, type PostgresqlProber } from '#lib/probe/probers/postgresql-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { runOnce } from '../../../../../dev/workload/one-run.ts';
import {
  aRun,
  closedPort,
  eventually,
  targetOf,
  timed,
  timeWaits,
} from '../../../../support/loopback-server.ts';
import { type PostgresqlServer, startPostgresql } from '../../../../support/postgresql-server.ts';
import { makeTestCertificates, type TestCertificates } from '../../../../support/test-certificates.ts';

const PASSWORD = 'pass word\'"\\';

let certificates: TestCertificates;
let postgresql: PostgresqlServer;
let target: Target;

beforeAll(async () => {
  certificates = makeTestCertificates();
  postgresql = await startPostgresql({
    hba: [
      'host all postgres 127.0.0.1/32 trust',
      'host all md5user 127.0.0.1/32 md5',
      'host all clear 127.0.0.1/32 password',
      'hostssl all certuser 127.0.0.1/32 cert',
      'host all banned 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 scram-sha-256',
    ],
    tls: { ...certificates.issue('IP:127.0.0.1'), ca: certificates.ca.cert },
  });
  target = targetOf(postgresql.port);
  const password = PASSWORD.replaceAll("'", "''");
  for (const user of ['probe', 'other', 'clear', 'banned', 'certuser']) {
    postgresql.sql(`set standard_conforming_strings = on; create role ${user} login password '${password}'`);
  }
  postgresql.sql(`set password_encryption = md5; create role md5user login password '${password}'`);
  postgresql.sql('create database app');
});

afterAll(async () => {
  await postgresql.remove();
  certificates.remove();
});

function useTls(isOn: boolean): void {
  postgresql.sql(`alter system set ssl = ${isOn ? 'on' : 'off'}`);
  postgresql.sql('select pg_reload_conf()');
}

function credentialsOf(fields: Partial<Credentials> = {}): Credentials {
  return { user: 'probe', password: PASSWORD, version: '1', ...fields };
}

function aProbe(fields: Partial<PostgresqlProbe> = {}): PostgresqlProbe {
  return {
    kind: 'postgresql',
    port: 5432,
    timeoutMs: 2000,
    successThreshold: 1,
    failureThreshold: 1,
    database: 'app',
    query: 'select 1',
    secretName: 'cred-secret',
    ...fields,
  };
}

/** A clock that can be set forward: login ages are minutes. */
function shiftedClock(): typeof systemClock & { advance(ms: number): void } {
  let shiftMs = 0;
  return {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    advance: (ms) => {
      shiftMs += ms;
    },
  };
}

interface World {
  readonly prober: PostgresqlProber;
  readonly ended: Target[];
  readonly clock: ReturnType<typeof shiftedClock>;
  credentials: CredentialsResult;
  run(fields?: Partial<PostgresqlProbe>, timeoutMs?: number): Promise<ProbeOutcome>;
}

let world: World;
function aWorld(credentials: CredentialsResult = credentialsOf()): World {
  const ended: Target[] = [];
  const clock = shiftedClock();
  const made: World = {
    prober: createPostgresqlProber({
      clock,
      tlsContexts: new TlsContexts(),
      onSessionEnd: (end) => ended.push(end),
      credentials: () => made.credentials,
    }),
    ended,
    clock,
    credentials,
    run: (fields, timeoutMs = 2000) => {
      // The deadline passes on the clock of the machine; the prober sees it on its own, which may be ahead.
      const prober: Prober<PostgresqlProbe> = (probe, to) =>
        made.prober.run(probe, to, clock.monotonicMs() + timeoutMs);
      return runOnce(prober, aProbe({ timeoutMs, ...fields }), target, aRun(timeoutMs));
    },
  };
  world = made;
  return made;
}
afterEach(() => world.prober.stop());

const OK = { kind: 'success' };

function sessionsOf(user = 'probe'): readonly string[] {
  const text = postgresql.sql(`select pid from pg_stat_activity where usename = '${user}' order by pid`);
  return text.split('\n').filter(Boolean);
}

function logins(user = 'probe'): number {
  return postgresql.log().split(`connection authorized: user=${user} `).length - 1;
}

describe('a query', () => {
  test.each([
    { name: 'one', query: 'select 1', want: OK },
    { name: 'true', query: 'select not pg_is_in_recovery()', want: OK },
    { name: 'yes as text', query: "select 'Yes'", want: OK },
    { name: 'true with a comment and a semicolon', query: 'select true; -- write side', want: OK },
    { name: 'the first of two statements', query: 'select true; select false', want: OK },
    { name: 'false', query: 'select pg_is_in_recovery()', want: 'UnexpectedAnswer: query returned false' },
    { name: 'null', query: 'select null::bool', want: 'UnexpectedAnswer: query returned null' },
    { name: 'no row', query: 'select 1 where false', want: 'UnexpectedAnswer: query returned no row' },
    { name: 'nothing at all', query: '', want: 'UnexpectedAnswer: query returned no row' },
    { name: 'no column', query: 'select', want: 'UnexpectedAnswer: query returned no row' },
    {
      name: 'another value',
      query: "select 'secret'",
      want: 'UnexpectedAnswer: query returned a value other than true',
    },
    {
      name: 'an unknown table',
      query: 'select secret from absent',
      want: 'QueryFailed: query on PORT failed: undefined table (SQLSTATE 42P01)',
    },
    {
      name: 'an error of a kind without a name',
      query: "select 'secret'::int",
      want: 'QueryFailed: query on PORT failed: SQLSTATE 22P02',
    },
    {
      name: 'more than is ever read',
      query: 'select repeat($$x$$, 100) from generate_series(1, 100000)',
      want: 'ProtocolError: PORT answered the query with more than 64 KiB',
    },
    { name: 'a copy from the client', query: 'copy pg_class from stdin', want: 'QueryFailed' },
    {
      name: 'a copy to the client',
      query: 'copy (select 1) to stdout',
      want: 'UnexpectedAnswer: query returned no row',
    },
  ])('$name', async ({ query, want }) => {
    const outcome = await aWorld().run({ query });
    expect(typeof want === 'string' ? shown(outcome) : outcome).toEqual(
      typeof want === 'string' ? expect.stringContaining(want) : want,
    );
    expect(await world.run()).toEqual(OK);
  });

  test('that is slow ends at the deadline, on the server too, and the next one works', async () => {
    const { run } = aWorld();
    await run();
    const { value, ms } = await timed(run({ query: 'select pg_sleep(30)' }, 300));
    expect(shown(value)).toBe('Timeout: the query on PORT was not answered within 300 ms');
    expect(ms).toBeLessThan(600);
    expect(await run()).toEqual(OK);
    await eventually(() => sessionsOf().length === 1, 'the server has given up the slow query');
  });

  test('that is slow does not delay another on the same target', async () => {
    const { run } = aWorld();
    await run();
    const slow = run({ query: 'select pg_sleep(1)' });
    const { value, ms } = await timed(run({ query: 'select true' }));
    expect(value).toEqual(OK);
    expect(ms).toBeLessThan(500);
    await slow;
  });

  test('finds a bounded number of sessions', async () => {
    const { run } = aWorld();
    const slow = Array.from({ length: 4 }, () => run({ query: 'select pg_sleep(30)' }, 1000));
    expect(await run()).toMatchObject({ kind: 'unknown', cause: 'CheckerStalled' });
    await Promise.all(slow);
    expect(await run()).toEqual(OK);
  });

  test('that is cancelled ends at once', async () => {
    const { prober, run } = aWorld();
    await run();
    const one = aRun(5000);
    const outcome = runOnce(prober.run, aProbe({ query: 'select pg_sleep(30)' }), target, one);
    one.cancel?.();
    expect(await outcome).toMatchObject({ kind: 'unknown', cause: 'Cancelled' });
  });

  test('that leaves a transaction open does not reach into the next', async () => {
    const { run } = aWorld();
    await run({ query: 'begin; select 1/0' });
    expect(await run()).toEqual(OK);
  });
});

describe('a session', () => {
  test('is shared by many runs and different queries', async () => {
    const { run } = aWorld();
    const before = logins();
    for (let index = 0; index < 20; index += 1) {
      expect(await run({ query: index % 2 === 0 ? 'select 1' : 'select true' })).toEqual(OK);
    }
    expect(logins() - before).toBe(1);
    await eventually(() => sessionsOf().length === 1, 'one session left, those of earlier tests gone');
  });

  test('of another Secret is another one, even for the same user', async () => {
    const { run } = aWorld();
    await run();
    world.credentials = credentialsOf({ password: 'wrong' });
    expect(shown(await run({ secretName: 'second' }))).toBe(
      'AuthenticationFailed: password authentication failed for user probe',
    );
  });

  test('is ended when the Secret changes', async () => {
    const { run } = aWorld();
    await run();
    world.credentials = credentialsOf({ user: 'other', version: '2' });
    expect(await run()).toEqual(OK);
    await eventually(() => sessionsOf('probe').length === 0, 'the session of the old version has ended');
    expect(sessionsOf('other')).toHaveLength(1);
  });

  test('is replaced by a fresh login after five minutes, so that logins that fail are noticed', async () => {
    const { run, clock, ended } = aWorld();
    await run();
    const before = logins();
    clock.advance(299_000);
    await run();
    expect(logins() - before).toBe(0);
    clock.advance(2000);
    await run();
    expect(logins() - before).toBe(1);
    postgresql.sql('alter role probe nologin');
    expect(await run()).toEqual(OK);
    clock.advance(301_000);
    expect(shown(await run())).toBe('AuthenticationFailed: PORT refuses user probe for database app');
    postgresql.sql('alter role probe login');
    expect(ended).toEqual([]);
  });

  test('that ends while idle is told at once and rebuilt by the next run', async () => {
    const { run, ended } = aWorld();
    await run();
    postgresql.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'probe'");
    await eventually(() => ended.length === 1, 'the end is told');
    expect(ended).toEqual([target]);
    expect(await run()).toEqual(OK);
  });

  test('that freezes times out, and the next run logs in anew', async () => {
    const { run } = aWorld();
    await run();
    const thaw = postgresql.freeze('probe');
    const { value, ms } = await timed(run({}, 300));
    expect(value).toMatchObject({ reason: 'Timeout' });
    expect(ms).toBeLessThan(600);
    expect(await run()).toEqual(OK);
    thaw();
  });

  test('ends with its target, without a callback', async () => {
    const { run, prober, ended } = aWorld();
    await run();
    prober.forget(target);
    await eventually(() => sessionsOf().length === 0, 'the session has ended');
    expect(ended).toEqual([]);
  });

  test('leaves neither noise in the log nor TIME_WAIT', async () => {
    const before = postgresql.log().length;
    for (let index = 0; index < 5; index += 1) {
      const { run, prober } = aWorld();
      await run();
      await prober.stop();
    }
    await eventually(() => sessionsOf().length === 0, 'all sessions have ended');
    const log = postgresql.log().slice(before);
    expect(log).toContain('connection authorized');
    expect(log).not.toMatch(/FATAL|ERROR|WARNING|reset by peer|unexpected EOF/);
    expect(timeWaits(postgresql.port)).toBe(0);
  });
});

describe('a login', () => {
  const cases: readonly {
    readonly name: string;
    readonly credentials: Partial<Credentials>;
    readonly want: string;
    readonly tls?: boolean;
  }[] = [
    { name: 'SCRAM over TLS', credentials: {}, want: 'success' },
    { name: 'SCRAM over a plain connection where TLS is off', credentials: {}, tls: false, want: 'success' },
    { name: 'SCRAM without TLS by choice', credentials: { tlsMode: 'Disabled' }, want: 'success' },
    {
      name: 'a wrong password',
      credentials: { password: 'secret' },
      want: 'AuthenticationFailed: password authentication failed for user probe',
    },
    {
      name: 'no password',
      credentials: { password: '' },
      want: 'AuthenticationFailed: PORT asks for a password: name a Secret with one in authSecretName',
    },
    {
      name: 'a user that pg_hba.conf rejects',
      credentials: { user: 'banned' },
      want: 'AuthenticationFailed: PORT refuses user banned for database app',
    },
    { name: 'MD5 over TLS', credentials: { user: 'md5user' }, want: 'success' },
    {
      name: 'MD5 over a plain connection that nobody chose',
      credentials: { user: 'md5user' },
      tls: false,
      want: 'AuthenticationFailed: PORT asks for the password as an MD5 hash over a connection without TLS: refused',
    },
    {
      name: 'MD5 without TLS by choice',
      credentials: { user: 'md5user', tlsMode: 'Disabled' },
      want: 'success',
    },
    {
      name: 'clear text over TLS by choice',
      credentials: { user: 'clear', tlsMode: 'SkipVerification' },
      want: 'success',
    },
    {
      name: 'clear text over TLS that nobody chose',
      credentials: { user: 'clear' },
      want: 'AuthenticationFailed: PORT asks for the password in clear text over TLS that is not verified: refused',
    },
    {
      name: 'clear text without TLS',
      credentials: { user: 'clear', tlsMode: 'Disabled' },
      want: 'AuthenticationFailed: PORT asks for the password in clear text over a connection without TLS: refused',
    },
    {
      name: 'TLS demanded where it is off',
      credentials: { tlsMode: 'SkipVerification' },
      tls: false,
      want: 'TlsFailed: TLS to PORT failed: the server does not offer it',
    },
  ];
  test.each(cases)('$name', async ({ credentials, want, tls = true }) => {
    useTls(tls);
    expect(shown(await aWorld(credentialsOf(credentials)).run())).toContain(want);
    useTls(true);
  });

  test.each([
    { name: 'VerifyAll with the right authority', tlsMode: 'VerifyAll', authority: 'ca', want: 'success' },
    { name: 'VerifyCA with the right authority', tlsMode: 'VerifyCA', authority: 'ca', want: 'success' },
    {
      name: 'VerifyCA with another authority',
      tlsMode: 'VerifyCA',
      authority: 'otherCa',
      want: 'TlsFailed: TLS to PORT failed: certificate is signed by an unknown authority',
    },
    {
      name: 'SkipVerification with another authority',
      tlsMode: 'SkipVerification',
      authority: 'otherCa',
      want: 'success',
    },
  ] as const)('$name', async ({ tlsMode, authority, want }) => {
    const { run } = aWorld(credentialsOf({ tlsMode, caCert: certificates[authority].cert }));
    expect(shown(await run())).toBe(want);
  });

  test('with a client certificate', async () => {
    const { cert, key } = certificates.issue('DNS:certuser');
    const { run } = aWorld(
      credentialsOf({
        user: 'certuser',
        clientCert: cert,
        clientKey: key,
        tlsMode: 'VerifyAll',
        caCert: certificates.ca.cert,
      }),
    );
    // The certificate names its owner `leaf-N`, not the role: the server has read it and refuses this one.
    expect(shown(await run())).toBe('AuthenticationFailed: PORT refuses user certuser for database app');
  });

  test('to a database that does not exist', async () => {
    expect(shown(await aWorld().run({ database: 'absent' }))).toBe(
      'QueryFailed: database absent does not exist',
    );
  });

  test('without a Secret is one of postgres without a password', async () => {
    const { prober } = aWorld({ missing: 'not asked for' });
    const { secretName: _, ...probe } = aProbe();
    expect(await runOnce(prober.run, probe, target, aRun(2000))).toEqual(OK);
  });

  test('without a free connection slot', async () => {
    postgresql.sql('alter role other connection limit 0');
    expect(shown(await aWorld(credentialsOf({ user: 'other' })).run())).toBe(
      'NotServing: PORT has no connection left: too many clients',
    );
    postgresql.sql('alter role other connection limit -1');
  });

  test('without credentials is unknown', async () => {
    expect(await aWorld({ missing: 'Secret my-ns/cred-secret not found' }).run()).toEqual({
      kind: 'unknown',
      cause: 'CredentialsMissing',
      message: 'Secret my-ns/cred-secret not found',
    });
    expect(await aWorld({ invalid: 'Secret my-ns/cred-secret has no key user' }).run()).toMatchObject({
      kind: 'unknown',
      cause: 'CredentialsInvalid',
    });
    expect(await aWorld(credentialsOf({ tlsMode: 'VerifyCA', caCert: 'nonsense' })).run()).toEqual({
      kind: 'unknown',
      cause: 'CredentialsInvalid',
      message: 'Secret my-ns/cred-secret: caCert holds no PEM certificate, or a broken one',
    });
  });

  test('to nobody', async () => {
    const port = await closedPort();
    const { prober } = aWorld();
    expect(await runOnce(prober.run, aProbe(), targetOf(port), aRun(2000))).toMatchObject({
      reason: 'ConnectionRefused',
      message: `connection refused on ${port}`,
    });
  });
});

describe('a server that restarts', () => {
  test.each(['fast', 'immediate'] as const)(
    '%s: told at once, down while it is away, up after it',
    async (mode) => {
      const { run, ended } = aWorld();
      await run();
      await postgresql.stop(mode);
      await eventually(() => ended.length === 1, 'the end is told');
      expect(await run()).toMatchObject({ reason: 'ConnectionRefused' });
      await postgresql.start();
      expect(await run()).toEqual(OK);
    },
  );
});

/** Short form of an outcome with the port replaced. */
function shown(outcome: ProbeOutcome): string {
  const text =
    outcome.kind === 'failure'
      ? `${outcome.reason}: ${outcome.message}`
      : outcome.kind === 'unknown'
        ? `${outcome.cause}: ${outcome.message}`
        : outcome.kind;
  return text.replaceAll(String(postgresql.port), 'PORT');
}
