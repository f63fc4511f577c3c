import { createHash } from 'node:crypto';
import { createBodyDecoder, LONGEST_BODY_BYTES } from '#lib/probe/probers/http-body-decoder.ts';
import { HttpResponseReader, type ResponseState } from '#lib/probe/probers/http-response-reader.ts';
import type { Material } from './mutator.ts';
import { promise, type Subject } from './subject.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKS = '5;a=b\r\nready\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n';

const RESPONSES: Material = {
  wholes: [
    `${OK}Content-Length: 5\r\n\r\nready`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    'HTTP/1.0 503 Service Unavailable\r\nX: y\r\n\r\nsorry',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 204 No Content\nX: a\n b\n\n',
    `${OK}Connection: keep-alive, close\r\nContent-Length: 2, 2\r\n\r\nok`,
  ].map((text) => Buffer.from(text)),
  pieces: [
    ...[
      '\r\n',
      '\r\n\r\n',
      '\n',
      'HTTP/1.1 ',
      '-1',
      '99999999999999999999',
      'ffffffff\r\n',
      '0\r\n\r\n',
      ';',
    ],
    ...[
      'Content-Length: ',
      'Transfer-Encoding: chunked\r\n',
      'Connection: close\r\n',
      'Location: ',
      '\0',
      '\t',
    ],
  ].map((text) => Buffer.from(text)),
};

/** Readers of HTTP/1.1. */
export const HTTP_SUBJECTS: readonly Subject[] = [
  { name: 'HTTP response to GET', material: RESPONSES, read: (pieces) => readResponse('GET', pieces) },
  { name: 'HTTP response to HEAD', material: RESPONSES, read: (pieces) => readResponse('HEAD', pieces) },
  {
    name: 'chunked body',
    material: { wholes: [Buffer.from(CHUNKS), Buffer.from('0\r\n\r\n')], pieces: RESPONSES.pieces },
    read(pieces) {
      const decoder = createBodyDecoder({ kind: 'chunked' }, true);
      let progress = decoder.push(Buffer.alloc(0));
      for (const piece of pieces) progress = decoder.push(piece);
      const body = 'body' in progress ? progress.body : Buffer.alloc(0);
      promise(body.length <= LONGEST_BODY_BYTES, 'the body is longer than its bound');
      return `${progress.kind} ${digest(body)}`;
    },
  },
];

function readResponse(method: 'GET' | 'HEAD', pieces: readonly Buffer[]): string {
  const reader = new HttpResponseReader({ method, wantsBody: true });
  for (const piece of pieces) reader.push(piece);
  const state: ResponseState = reader.end();
  promise(state.kind === 'complete' || state.kind === 'malformed', `${state.kind} after the end`);
  if (state.kind !== 'complete') return JSON.stringify(state);
  promise(state.body.length <= LONGEST_BODY_BYTES, 'the body is longer than its bound');
  return `${state.status} ${state.location} ${state.keepsConnection} ${digest(state.body)}`;
}

/** Short for any bytes. */
export function digest(bytes: Buffer): string {
  return `${bytes.length} ${createHash('sha1').update(bytes).digest('base64')}`;
}
