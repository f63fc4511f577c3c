import { decodeHuffman } from '#lib/probe/probers/hpack-huffman.ts';
import { type Field, STATIC_TABLE } from '#lib/probe/probers/hpack-static-table.ts';

/** The fields of a block, or which bound or rule it breaks. */
export type HpackResult =
  | { readonly kind: 'fields'; readonly fields: readonly Field[] }
  | { readonly kind: 'malformed' | 'tooLong' };

/** As for HTTP/1.1: more than common servers send. */
export const LONGEST_HEAD_BYTES = 32 * 1024;
const MOST_FIELDS = 256;

/** What a field counts beside its bytes, here and in the size of the table: RFC 7541 §4.1. */
const FIELD_OVERHEAD_BYTES = 32;

/** The default of the protocol, which is not changed: RFC 9113 §6.5.2. */
const LONGEST_TABLE_BYTES = 4096;

/** Decodes the header blocks of one connection, in order (RFC 7541), within fixed bounds. */
export class HpackDecoder {
  /** The newest field first. */
  #table: Field[] = [];
  #tableBytes = 0;
  #mostTableBytes = LONGEST_TABLE_BYTES;

  /** After anything but fields the connection is of no use: the tables of the two sides differ. */
  decode(block: Buffer): HpackResult {
    const input: Input = { block, offset: 0 };
    const fields: Field[] = [];
    let bytes = 0;
    while (input.offset < block.length) {
      const field = this.#next(input);
      if (field === undefined) return { kind: 'malformed' };
      if (field === 'none') continue;
      fields.push(field);
      bytes += sizeOf(field);
      if (fields.length > MOST_FIELDS || bytes > LONGEST_HEAD_BYTES) return { kind: 'tooLong' };
    }
    return { kind: 'fields', fields };
  }

  /** RFC 7541 §6. */
  #next(input: Input): Field | 'none' | undefined {
    const first = input.block[input.offset] ?? 0;
    if (first >= 0x80) return this.#field(readInteger(input, 7));
    if (first >= 0x40) {
      const field = this.#literal(input, 6);
      if (field !== undefined) this.#add(field);
      return field;
    }
    return first >= 0x20 ? this.#resize(readInteger(input, 5)) : this.#literal(input, 4);
  }

  #literal(input: Input, bits: number): Field | undefined {
    const index = readInteger(input, bits);
    const name = index === 0 ? readString(input) : this.#field(index)?.[0];
    const value = name === undefined ? undefined : readString(input);
    return name === undefined || value === undefined ? undefined : [name, value];
  }

  #field(index: number | undefined): Field | undefined {
    if (index === undefined || index === 0) return undefined;
    return STATIC_TABLE[index - 1] ?? this.#table[index - 1 - STATIC_TABLE.length];
  }

  #resize(bytes: number | undefined): 'none' | undefined {
    if (bytes === undefined || bytes > LONGEST_TABLE_BYTES) return undefined;
    this.#mostTableBytes = bytes;
    this.#evict();
    return 'none';
  }

  #add(field: Field): void {
    this.#table.unshift(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#mostTableBytes) {
      const oldest = this.#table.pop();
      this.#tableBytes -= oldest === undefined ? this.#tableBytes : sizeOf(oldest);
    }
  }
}

interface Input {
  readonly block: Buffer;
  offset: number;
}

/** Of a number that goes on: four more bytes hold any that can occur. */
const MOST_INTEGER_BYTES = 4;

/** RFC 7541 §5.1: a number of which the first byte holds so many bits. Undefined when it ends early or is too large. */
function readInteger(input: Input, bits: number): number | undefined {
  const most = 2 ** bits - 1;
  let value = (input.block[input.offset++] ?? 0) & most;
  if (value < most) return value;
  for (let index = 0; index < MOST_INTEGER_BYTES; index++) {
    const byte = input.block[input.offset++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  return undefined;
}

/** RFC 7541 §5.2. */
function readString(input: Input): string | undefined {
  const isHuffman = (input.block[input.offset] ?? 0) >= 0x80;
  const length = readInteger(input, 7);
  if (length === undefined || input.offset + length > input.block.length) return undefined;
  const bytes = input.block.subarray(input.offset, input.offset + length);
  input.offset += length;
  return isHuffman ? decodeHuffman(bytes) : bytes.toString('latin1');
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}
