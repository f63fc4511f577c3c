import { describe, expect, test } from 'vitest';
import { answerOutcome } from '#lib/probe/probers/postgresql-answer.ts';

describe('the first value of an answer', () => {
  test.each(['t', 'true', 'TRUE', 'y', 'Yes', '1', ' t '])('%s is true', (value) => {
    expect(answerOutcome(value)).toEqual({ kind: 'success' });
  });

  test.each([
    { value: 'f', message: 'query returned false' },
    { value: 'false', message: 'query returned false' },
    { value: '0', message: 'query returned a value other than true' },
    { value: '11', message: 'query returned a value other than true' },
    { value: '', message: 'query returned a value other than true' },
    { value: null, message: 'query returned null' },
    { value: undefined, message: 'query returned no row' },
  ])('$value is not', ({ value, message }) => {
    expect(answerOutcome(value)).toEqual({ kind: 'failure', reason: 'UnexpectedAnswer', message });
  });
});
