import { describe, expect, test } from 'vitest';
import { classifyKubeError, KubeApiError, type KubeErrorKind } from '#lib/kube/kube-error.ts';

interface Case {
  readonly name: string;
  readonly given: unknown;
  readonly want: KubeErrorKind;
}

const answer = (status: number, reason = '', causes: readonly string[] = []) =>
  new KubeApiError('put pod a/b', { status, reason, causes });

const cases: readonly Case[] = [
  { name: 'no answer', given: answer(0, 'ECONNREFUSED'), want: 'transient' },
  { name: 'overload', given: answer(429, 'TooManyRequests'), want: 'transient' },
  { name: 'server error', given: answer(503), want: 'transient' },
  { name: 'credentials that ran out', given: answer(401, 'Unauthorized'), want: 'transient' },
  { name: 'a version that moved on', given: answer(409, 'Conflict'), want: 'conflict' },
  { name: 'a name that is taken', given: answer(409, 'AlreadyExists'), want: 'exists' },
  { name: 'missing rights', given: answer(403, 'Forbidden'), want: 'forbidden' },
  {
    name: 'a namespace that goes away',
    given: answer(403, 'Forbidden', ['NamespaceTerminating']),
    want: 'gone',
  },
  { name: 'a missing object', given: answer(404, 'NotFound'), want: 'not-found' },
  { name: 'a version that is too old', given: answer(410, 'Expired'), want: 'expired' },
  {
    name: 'a version from before a restore',
    given: answer(504, 'Timeout', ['ResourceVersionTooLarge']),
    want: 'expired',
  },
  { name: 'an object that is refused', given: answer(422, 'Invalid'), want: 'invalid' },
  { name: 'a method that does not exist', given: answer(405, 'MethodNotAllowed'), want: 'bug' },
  { name: 'an error of our own', given: new TypeError('x is undefined'), want: 'bug' },
  { name: 'a thrown string', given: 'Conflict 409', want: 'bug' },
];

describe('classifyKubeError', () => {
  test.each(cases)('$name is $want', ({ given, want }) => {
    expect(classifyKubeError(given)).toBe(want);
  });
});

test('the cause is kept', () => {
  const cause = new Error('connect ECONNREFUSED');
  expect(new KubeApiError('get pod a/b', { status: 0, reason: 'ECONNREFUSED' }, cause).cause).toBe(cause);
});
