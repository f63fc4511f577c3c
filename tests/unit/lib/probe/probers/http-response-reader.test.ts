import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpResponseReader, type ResponseState } from '#lib/probe/probers/http-response-reader.ts';

interface Case {
  readonly name: string;
  readonly response: string;
  readonly method?: 'GET' | 'HEAD';
  /** The peer closes after the response. */
  readonly isEnded?: boolean;
  readonly want: {
    readonly kind: string;
    readonly status?: number;
    readonly body?: string;
    readonly message?: string;
  };
}

const cases: readonly Case[] = [
  {
    name: 'a body with a length',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    want: { kind: 'complete', status: 200, body: 'hello' },
  },
  {
    name: 'headers alone decide the status',
    response: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\n',
    want: { kind: 'body', status: 503, body: '' },
  },
  { name: 'half a header', response: 'HTTP/1.1 200 OK\r\nContent-', want: { kind: 'head' } },
  {
    name: 'a chunked body with extensions and trailers',
    response:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\nTrailer: x\r\n\r\n',
    want: { kind: 'complete', status: 200, body: 'hello!' },
  },
  {
    name: 'a body until the connection closes',
    response: 'HTTP/1.0 200 OK\r\n\r\nhello',
    isEnded: true,
    want: { kind: 'complete', status: 200, body: 'hello' },
  },
  {
    name: 'the same before it closes',
    response: 'HTTP/1.0 200\r\n\r\nhe',
    want: { kind: 'body', status: 200, body: 'he' },
  },
  {
    name: 'bare line feeds and a folded header',
    response: 'HTTP/1.1 204 No Content\nX: a\n b\n\n',
    want: { kind: 'complete', status: 204, body: '' },
  },
  {
    name: 'interim responses before the final one',
    response:
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    want: { kind: 'complete', status: 200, body: '' },
  },
  {
    name: 'an answer to HEAD has no body',
    method: 'HEAD',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    want: { kind: 'complete', status: 200, body: '' },
  },
  {
    name: 'equal lengths given twice',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\nok',
    want: { kind: 'complete', status: 200, body: 'ok' },
  },
  {
    name: 'a body longer than what is read',
    response: `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`,
    want: { kind: 'complete', status: 200, body: 'x'.repeat(65_536) },
  },
  {
    name: 'contradicting lengths',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    want: { kind: 'malformed', message: 'a malformed Content-Length' },
  },
  {
    name: 'a negative length',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    want: { kind: 'malformed', message: 'a malformed Content-Length' },
  },
  {
    name: 'a chunk size that is no number',
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    want: { kind: 'malformed', message: 'a malformed chunked body' },
  },
  {
    name: 'a chunk that is longer than its size',
    response: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n',
    want: { kind: 'malformed', message: 'a malformed chunked body' },
  },
  {
    name: 'a chunk extension without end',
    response: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(600_000)}`,
    want: { kind: 'malformed', message: 'a malformed chunked body' },
  },
  {
    name: 'another protocol',
    response: 'SSH-2.0-OpenSSH_9.2\r\n',
    want: { kind: 'malformed', message: 'something other than HTTP/1' },
  },
  {
    name: 'a header without a colon',
    response: 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n',
    want: { kind: 'malformed', message: 'a malformed header' },
  },
  {
    name: 'headers without end',
    response: `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(6000)}`,
    want: { kind: 'malformed', message: 'more than 32 KiB of headers' },
  },
  {
    name: 'interim responses without end',
    response: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2000),
    want: { kind: 'malformed', message: 'more than 32 KiB of headers' },
  },
  {
    name: 'a close within the headers',
    response: 'HTTP/1.1 200 OK\r\nX',
    isEnded: true,
    want: { kind: 'malformed', message: 'an answer that ends within its headers' },
  },
  {
    name: 'a close within the body',
    response: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe',
    isEnded: true,
    want: { kind: 'malformed', message: 'an answer that ends within its body' },
  },
];

describe('a response in one piece', () => {
  test.each(cases)('$name', ({ response, method, isEnded, want }) => {
    expect(shown(read([Buffer.from(response)], method, isEnded))).toEqual(want);
  });
});

describe('whether the connection can be used again', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n';
  test.each([
    { name: 'after a length', response: `${HEAD}Content-Length: 1\r\n\r\nx`, want: true },
    { name: 'after an empty body', response: `${HEAD}Content-Length: 0\r\n\r\n`, want: true },
    { name: 'after all chunks', response: `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, want: true },
    { name: 'after no content', response: 'HTTP/1.1 204 No Content\r\n\r\n', want: true },
    {
      name: 'not where the server says so',
      response: `${HEAD}Connection: x, Close\r\nContent-Length: 1\r\n\r\nx`,
      want: false,
    },
    { name: 'not with HTTP/1.0', response: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', want: false },
    { name: 'not after a body until the close', response: `${HEAD}\r\nx`, isEnded: true, want: false },
    {
      name: 'not after the first part of a body',
      response: `${HEAD}Content-Length: 65537\r\n\r\n${'x'.repeat(65_536)}`,
      want: false,
    },
    { name: 'not after another protocol was taken up', response: 'HTTP/1.1 101 x\r\n\r\n', want: false },
  ])('$name', ({ response, isEnded, want }) => {
    expect(read([Buffer.from(response)], 'GET', isEnded)).toMatchObject({
      kind: 'complete',
      keepsConnection: want,
    });
  });
});

test('the first location counts', () => {
  const response = 'HTTP/1.1 302 Found\r\nLOCATION:  /a \r\nLocation: /b\r\nContent-Length: 0\r\n\r\n';
  expect(read([Buffer.from(response)])).toMatchObject({ kind: 'complete', location: '/a' });
});

describe('laws', () => {
  test('how the bytes are cut makes no difference', () => {
    const aCase = fc.constantFrom(...cases.filter(({ response }) => response.length < 40_000));
    fc.assert(
      fc.property(
        aCase,
        fc.array(fc.nat({ max: 300 }), { maxLength: 40 }),
        ({ response, method, isEnded }, cuts) => {
          const whole = shown(read([Buffer.from(response)], method, isEnded));
          expect(shown(read(cut(Buffer.from(response), cuts), method, isEnded))).toEqual(whole);
        },
      ),
    );
  });

  test('byte by byte gives the same', () => {
    for (const { response, method, isEnded, want } of cases.filter(
      ({ response }) => response.length < 40_000,
    )) {
      const bytes = [...Buffer.from(response)].map((byte) => Buffer.from([byte]));
      expect(shown(read(bytes, method, isEnded))).toEqual(want);
    }
  });

  test('no bytes make it throw or keep more than its bounds', () => {
    const noise = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom('HTTP/1.1 200 OK\r\n', 'Transfer-Encoding: chunked\r\n', '\r\n', 'ffff\r\n', '0\r\n')
          .map((text) => Buffer.from(text)),
      ),
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        const state = read(pieces, 'GET', true);
        expect('body' in state ? state.body.length : 0).toBeLessThanOrEqual(65_536);
        expect(state.kind === 'head' || state.kind === 'body').toBe(false);
      }),
    );
  });

  test('any body survives chunking', () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }));
    fc.assert(
      fc.property(chunks, (parts) => {
        const encoded = parts.flatMap((part) => [
          Buffer.from(`${part.length.toString(16)}\r\n`),
          Buffer.from(part),
          Buffer.from('\r\n'),
        ]);
        const head = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const state = read([head, ...encoded, Buffer.from('0\r\n\r\n')]);
        expect(state).toMatchObject({ kind: 'complete', status: 200, body: Buffer.concat(parts) });
      }),
    );
  });
});

test.each(cases)(
  'a body that nobody wants is no other answer: $name',
  ({ response, method = 'GET', isEnded }) => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (sizes) => {
        const pieces = cut(Buffer.from(response, 'latin1'), sizes);
        const state = readAs({ method, wantsBody: false }, pieces, isEnded);
        const wanted = read(pieces, method, isEnded);
        expect(withoutBody(state)).toEqual(withoutBody(wanted));
        expect('body' in state ? state.body.length : 0).toBe(0);
      }),
      { numRuns: 20 },
    );
  },
);

function withoutBody(state: ResponseState): unknown {
  const { body: _, soFar, ...rest } = { body: undefined, soFar: undefined, ...state };
  return { ...rest, soFar: soFar === undefined ? undefined : { ...soFar, body: undefined } };
}

function read(pieces: readonly Buffer[], method: 'GET' | 'HEAD' = 'GET', isEnded = false): ResponseState {
  return readAs({ method, wantsBody: true }, pieces, isEnded);
}

function readAs(
  request: ConstructorParameters<typeof HttpResponseReader>[0],
  pieces: readonly Buffer[],
  isEnded = false,
): ResponseState {
  const reader = new HttpResponseReader(request);
  let state: ResponseState = { kind: 'head' };
  for (const piece of pieces) {
    state = reader.push(piece);
  }
  return isEnded ? reader.end() : state;
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  let offset = 0;
  const pieces = sizes.map((size) => {
    const piece = bytes.subarray(offset, offset + size);
    offset += size;
    return piece;
  });
  return [...pieces, bytes.subarray(offset)];
}

function shown(state: ResponseState): unknown {
  if (state.kind === 'malformed') return { kind: state.kind, message: state.message };
  if (!('body' in state)) return state;
  const { kind, status, body } = state;
  return { kind, status, body: body.toString() };
}
