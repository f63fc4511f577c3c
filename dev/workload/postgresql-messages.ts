/** Messages of a PostgreSQL server (documentation, "Message Formats") as bytes, right or wrong: nothing is checked. */

/** One message: type, length, content; numbers have four bytes. */
export function message(type: string, ...content: readonly (number | string | Buffer)[]): Buffer {
  const body = Buffer.concat(content.map(bytesOf));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** The beginning of a message that says to be so long, itself included. */
export function begun(type: string, length: number): Buffer {
  return Buffer.concat([Buffer.from(type), int32(length)]);
}

export const AUTHENTICATION_OK = message('R', 0);
export const READY = message('Z', 'I');
export const LOGGED_IN = Buffer.concat([AUTHENTICATION_OK, READY]);

/** The answer to the setting that goes with each query. */
export const SET_DONE = message('C', 'SET\0');
/** A row description of one text column. */
export const ONE_COLUMN = message(
  'T',
  '\0\x01',
  'one\0',
  0,
  '\0\0',
  25,
  Buffer.from([0xff, 0xff]),
  -1,
  '\0\0',
);

/** A row with one value. */
export function row(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return message('D', '\0\x01', bytes.length, bytes);
}

function bytesOf(part: number | string | Buffer): Buffer {
  if (typeof part === 'number') return int32(part);
  return typeof part === 'string' ? Buffer.from(part) : part;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}
