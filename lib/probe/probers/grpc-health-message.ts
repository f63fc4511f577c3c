/** `grpc.health.v1.HealthCheckResponse.ServingStatus`, or malformed for bytes that are no such message. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' | 'malformed';

/** A gRPC message: one byte for compression, four for the length, then the protobuf bytes. */
const PREFIX_BYTES = 5;

const STATUSES: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** `HealthCheckRequest { service }` as one gRPC message. */
export function encodeHealthCheckRequest(service: string): Buffer {
  const name = Buffer.from(service);
  // Field 1, wire type 2. An empty string is the default and is not written.
  const message =
    name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), Buffer.from(varint(name.length)), name]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The status in the gRPC message `HealthCheckResponse { status }`. The bytes must be exactly one message. */
export function decodeHealthCheckResponse(bytes: Buffer): ServingStatus {
  if (
    bytes.length < PREFIX_BYTES ||
    bytes[0] !== 0 ||
    bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES
  ) {
    return 'malformed';
  }
  const reader = { bytes: bytes.subarray(PREFIX_BYTES), offset: 0 };
  let status = 0;
  while (reader.offset < reader.bytes.length) {
    const tag = readVarint(reader);
    const value = tag === undefined ? undefined : readField(reader, tag % 8);
    if (tag === undefined || value === undefined) {
      return 'malformed';
    }
    if (tag === STATUS_TAG) {
      status = value;
    }
  }
  return STATUSES[status] ?? 'UNKNOWN';
}

/** Field 1, wire type 0. */
const STATUS_TAG = 0x08;

interface Reader {
  readonly bytes: Buffer;
  offset: number;
}

/** Reads or skips the value of a field; its number for wire type 0, else 0; absent when the bytes end early. */
function readField(reader: Reader, wireType: number): number | undefined {
  switch (wireType) {
    case 0:
      return readVarint(reader);
    case 1:
      return skip(reader, 8);
    case 2: {
      const length = readVarint(reader);
      return length === undefined ? undefined : skip(reader, length);
    }
    case 5:
      return skip(reader, 4);
    default:
      return undefined;
  }
}

function skip(reader: Reader, length: number): number | undefined {
  reader.offset += length;
  return reader.offset <= reader.bytes.length ? 0 : undefined;
}

/** At most ten bytes; values above 2^53 lose their low bits, which no field read here needs. */
function readVarint(reader: Reader): number | undefined {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = reader.bytes[reader.offset];
    if (byte === undefined) {
      return undefined;
    }
    reader.offset += 1;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      return value;
    }
  }
  return undefined;
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
