import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeHealthCheckResponse,
  encodeHealthCheckRequest,
} from '#lib/probe/probers/grpc-health-message.ts';

function framed(...message: readonly number[]): Buffer {
  return Buffer.from([0, 0, 0, 0, message.length, ...message]);
}

describe('a request', () => {
  test('for the whole server is an empty message', () => {
    expect(encodeHealthCheckRequest('')).toEqual(framed());
  });

  test('names a service', () => {
    expect(encodeHealthCheckRequest('db')).toEqual(framed(0x0a, 2, 0x64, 0x62));
  });

  test('names a service longer than one length byte', () => {
    const bytes = encodeHealthCheckRequest('x'.repeat(300));
    expect(bytes.readUInt32BE(1)).toBe(303);
    expect([...bytes.subarray(5, 8)]).toEqual([0x0a, 0xac, 0x02]);
  });
});

describe('a response', () => {
  test.each([
    { name: 'nothing written is the default', bytes: framed(), want: 'UNKNOWN' },
    { name: 'serving', bytes: framed(8, 1), want: 'SERVING' },
    { name: 'not serving', bytes: framed(8, 2), want: 'NOT_SERVING' },
    { name: 'unknown service', bytes: framed(8, 3), want: 'SERVICE_UNKNOWN' },
    { name: 'a status of a later version', bytes: framed(8, 9), want: 'UNKNOWN' },
    { name: 'a status in more bytes than it needs', bytes: framed(8, 0x81, 0), want: 'SERVING' },
    { name: 'the last of two counts', bytes: framed(8, 1, 8, 2), want: 'NOT_SERVING' },
    {
      name: 'other fields are skipped',
      bytes: framed(0x12, 2, 1, 1, 0x18, 5, 0x25, 1, 2, 3, 4, 8, 1),
      want: 'SERVING',
    },
    { name: 'no prefix', bytes: Buffer.from([0, 0]), want: 'malformed' },
    { name: 'compressed', bytes: Buffer.from([1, 0, 0, 0, 2, 8, 1]), want: 'malformed' },
    { name: 'shorter than it says', bytes: Buffer.from([0, 0, 0, 0, 9, 8, 1]), want: 'malformed' },
    { name: 'two messages', bytes: Buffer.concat([framed(8, 1), framed(8, 1)]), want: 'malformed' },
    { name: 'a field without its value', bytes: framed(8), want: 'malformed' },
    { name: 'a field longer than the message', bytes: framed(0x12, 200, 1), want: 'malformed' },
    {
      name: 'a number without end',
      bytes: framed(8, ...new Array<number>(11).fill(0xff)),
      want: 'malformed',
    },
    { name: 'a group', bytes: framed(0x0b), want: 'malformed' },
  ])('$name', ({ bytes, want }) => {
    expect(decodeHealthCheckResponse(bytes)).toBe(want);
  });

  test('of any bytes does not throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (message) => {
        decodeHealthCheckResponse(Buffer.from(message));
        decodeHealthCheckResponse(framed(...message));
      }),
    );
  });
});
