import { describe, expect, test } from 'vitest';
import { PostgresqlMessageReader } from '#lib/probe/probers/postgresql-message-reader.ts';
import { begun, message, READY } from '../../../../../dev/workload/postgresql-messages.ts';

const NOTICE = message('N', 'SNOTICE\0Mtext\0\0');

describe('messages', () => {
  test('come whole, however they are cut', () => {
    const reader = new PostgresqlMessageReader(100);
    const bytes = Buffer.concat([READY, NOTICE, READY]);
    const messages = [...bytes].flatMap((byte) => [...reader.push(Buffer.from([byte])).messages]);
    expect(messages).toEqual([READY, NOTICE, READY]);
    expect(new PostgresqlMessageReader(100).push(bytes)).toEqual({ messages, isMalformed: false });
  });

  test.each([
    { name: 'no length', bytes: begun('Z', 0) },
    { name: 'a length that does not count itself', bytes: begun('Z', 3) },
    { name: 'a negative length', bytes: begun('Z', -1) },
    { name: 'more than the bound', bytes: begun('Z', 101) },
    { name: 'an error without fields and end', bytes: message('E') },
    { name: 'an error without the end of a field', bytes: message('E', 'SFATAL') },
    { name: 'an error without the last zero', bytes: message('E', 'SFATAL\0') },
    { name: 'a notice without the last zero', bytes: message('N', 'SNOTICE\0M\0') },
    { name: 'a field without a text', bytes: message('E', 'S') },
  ])('$name: malformed, and nothing after it', ({ bytes }) => {
    const reader = new PostgresqlMessageReader(100);
    expect(reader.push(Buffer.concat([READY, bytes]))).toEqual({ messages: [READY], isMalformed: true });
    expect(reader.push(READY)).toEqual({ messages: [], isMalformed: true });
  });

  test('the end of a message that has not come is waited for', () => {
    expect(new PostgresqlMessageReader(100).push(begun('E', 100))).toEqual({
      messages: [],
      isMalformed: false,
    });
  });
});
