import { describe, expect, test } from 'vitest';
import { serverErrorOutcome } from '#lib/probe/probers/postgresql-error.ts';
import { targetOf } from '../../../../support/loopback-server.ts';

const names = { target: targetOf(5432), user: 'probe', database: 'app' };

describe('an error report', () => {
  test.each([
    {
      sqlState: '28P01',
      reason: 'AuthenticationFailed',
      message: 'password authentication failed for user probe',
    },
    {
      sqlState: '28000',
      reason: 'AuthenticationFailed',
      message: '5432 refuses user probe for database app',
    },
    { sqlState: '3D000', reason: 'QueryFailed', message: 'database app does not exist' },
    {
      sqlState: '57P03',
      text: 'the database system is starting up',
      reason: 'NotServing',
      message: 'the database system is starting up',
    },
    {
      sqlState: '57P03',
      text: 'the database system is secret',
      reason: 'NotServing',
      message: 'the database system does not accept connections',
    },
    { sqlState: '53300', reason: 'NotServing', message: '5432 has no connection left: too many clients' },
    {
      sqlState: '57P01',
      reason: 'ConnectionClosed',
      message: 'the database system on 5432 is shutting down',
    },
    { sqlState: '57014', reason: 'Timeout', message: 'the query on 5432 was cancelled by the server' },
    {
      sqlState: '42501',
      reason: 'QueryFailed',
      message: 'query on 5432 failed: permission denied (SQLSTATE 42501)',
    },
    { sqlState: 'XX000', reason: 'QueryFailed', message: 'query on 5432 failed: SQLSTATE XX000' },
    { sqlState: 'secret', reason: 'QueryFailed', message: 'query on 5432 failed: error without a code' },
    { sqlState: '', reason: 'ProtocolError', message: '5432 does not speak the PostgreSQL protocol' },
  ])('$sqlState: $message', ({ sqlState, text = 'secret', reason, message }) => {
    expect(serverErrorOutcome({ sqlState, text }, names)).toEqual({ kind: 'failure', reason, message });
  });
});
