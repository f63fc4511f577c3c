import { createServer, type ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '#lib/probe/probers/hpack-decoder.ts';
import { encodeFields } from '#lib/probe/probers/hpack-encoder.ts';
import { decodeHuffman } from '#lib/probe/probers/hpack-huffman.ts';
import { encodeFrame, FLAG, FRAME, Http2FrameReader } from '#lib/probe/probers/http2-frame.ts';
import { addressOf, close, listen } from '../../../../support/loopback-server.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('examples of RFC 7541', () => {
  test('C.6: responses with Huffman codes and a table', () => {
    const decoder = new HpackDecoder();
    const first = decoder.decode(
      hex(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    );
    expect(first).toEqual({
      kind: 'fields',
      fields: [
        [':status', '302'],
        ['cache-control', 'private'],
        ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
        ['location', 'https://www.example.com'],
      ],
    });
    expect(decoder.decode(hex('4883 640e ffc1 c0bf'))).toEqual({
      kind: 'fields',
      fields: [
        [':status', '307'],
        ['cache-control', 'private'],
        ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
        ['location', 'https://www.example.com'],
      ],
    });
  });
});

describe('a block that is none', () => {
  test.each([
    { name: 'an index of nothing', block: '80' },
    { name: 'an index beyond the table', block: 'be' },
    { name: 'a number without end', block: 'ffffffffffffffffff' },
    { name: 'a value that is cut off', block: '000161ff' },
    { name: 'a text longer than the block', block: '00056162' },
    { name: 'a table above the limit', block: '3fffff7f' },
    { name: 'the end mark in a text', block: '000161 84ffffffff' },
    { name: 'padding of eight ones', block: '000161 82f8ff' },
    { name: 'padding that is not all ones', block: '000161 8100' },
  ])('$name', ({ block }) => {
    expect(new HpackDecoder().decode(hex(block))).toEqual({ kind: 'malformed' });
  });

  test('a few bytes that stand for megabytes are not written out', () => {
    const long = encodeFields(['x-a', 'b'.repeat(4000)]);
    long[0] = 0x40;
    expect(new HpackDecoder().decode(Buffer.concat([long, Buffer.alloc(3000, 0xbe)]))).toEqual({
      kind: 'tooLong',
    });
  });
});

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii', maxLength: 500 })),
        { maxLength: 20 },
      ),
      (fields) => {
        expect(new HpackDecoder().decode(encodeFields(fields.flat()))).toEqual({ kind: 'fields', fields });
      },
    ),
  );
});

test('every byte that the encoder of Node writes in Huffman codes is read', async () => {
  // Header values of Node hold any character of Latin-1 but control characters.
  const values = Array.from({ length: 256 - 0x20 }, (_, index) => String.fromCharCode(0x20 + index))
    .filter((character) => character !== '\x7f' && character !== ' ')
    .map((character) => `${'0'.repeat(20)}${character}${'e'.repeat(20)}`);
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) =>
    stream.respond({ ':status': 200, 'x-a': values }, { endStream: true }),
  );
  await listen(server);
  const socket = connect(addressOf(server).port, '127.0.0.1');
  const frames = new Http2FrameReader();
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(encodeFrame({ type: FRAME.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) }));
  const payload = encodeFields([':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '/']);
  socket.write(
    encodeFrame({ type: FRAME.headers, flags: FLAG.endHeaders | FLAG.endStream, stream: 1, payload }),
  );
  const blocks: Buffer[] = [];
  for await (const bytes of socket) {
    // A socket without an encoding gives buffers.
    frames.push(bytes as Buffer);
    let isOver = false;
    for (let frame = frames.next(); frame !== undefined && frame !== 'tooLong'; frame = frames.next()) {
      if (frame.type !== FRAME.headers && frame.type !== FRAME.continuation) continue;
      blocks.push(frame.payload);
      isOver ||= (frame.flags & FLAG.endHeaders) !== 0;
    }
    if (isOver) break;
  }
  socket.destroy();
  await close(server);
  const result = new HpackDecoder().decode(Buffer.concat(blocks));
  const read = result.kind === 'fields' ? result.fields.filter(([name]) => name === 'x-a') : [];
  expect(read.map(([, value]) => value)).toEqual(values);
});

test('Huffman codes: the longest and the shortest', () => {
  expect(decodeHuffman(hex('07'))).toBe('0');
  expect(decodeHuffman(Buffer.alloc(0))).toBe('');
  expect(decodeHuffman(hex('fffffff3'))).toBe('\n');
});
