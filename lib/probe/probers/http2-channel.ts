import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Socket } from 'node:net';
import { BoundedBytes } from '#lib/probe/probers/bounded-bytes.ts';
import { LONGEST_BODY_BYTES } from '#lib/probe/probers/http-body-decoder.ts';
import type { Breakage } from '#lib/probe/probers/http-connection.ts';
import { type HttpRequest, http2Fields } from '#lib/probe/probers/http-request.ts';
import type { ResponseState } from '#lib/probe/probers/http-response-reader.ts';

export interface Http2Events {
  onResponse(state: ResponseState): void;
  onBroken(breakage: Breakage): void;
}

/** HTTP/2 over a connection that stands, one request at a time. */
export interface Http2Channel {
  ask(request: HttpRequest): void;
  /** The connection below must have been ended before: a session says goodbye otherwise. */
  destroy(): void;
}

/** As for HTTP/1.1: more than common servers send. */
const LONGEST_HEAD_BYTES = 32 * 1024;
const MOST_HEADERS = 256;

/** Opens the session, by prior knowledge (RFC 9113 §3.3) or after ALPN. */
export function openHttp2(stream: Socket, events: Http2Events): Http2Channel {
  const session = connect('http://localhost', {
    createConnection: () => stream,
    // In megabytes, the smallest there is.
    maxSessionMemory: 1,
    maxHeaderListPairs: MOST_HEADERS,
    settings: {
      enablePush: false,
      maxHeaderListSize: LONGEST_HEAD_BYTES,
      initialWindowSize: LONGEST_BODY_BYTES,
    },
  });
  session.on('error', (error) => events.onBroken({ kind: 'error', error }));
  session.once('close', () => events.onBroken({ kind: 'closed' }));
  let isBusy = false;
  let isLeaving = false;
  session.once('goaway', () => {
    isLeaving = true;
    // A response under way still comes.
    if (!isBusy) events.onBroken({ kind: 'closed' });
  });
  const onResponse = (state: ResponseState): void => {
    isBusy = state.kind !== 'complete';
    events.onResponse(isLeaving && 'status' in state ? { ...state, keepsConnection: false } : state);
  };
  return {
    ask(request) {
      isBusy = true;
      ask(session, request, { ...events, onResponse });
    },
    destroy: () => session.destroy(),
  };
}

function ask(session: ClientHttp2Session, request: HttpRequest, { onResponse, onBroken }: Http2Events): void {
  const stream = session.request(http2Fields(request), { endStream: true });
  let isComplete = false;
  stream.on('error', (error) => onBroken({ kind: 'error', error }));
  stream.once('close', () => {
    if (!isComplete) onBroken({ kind: 'closed' });
  });
  stream.once('response', ({ ':status': status = 0, location }) => {
    read(stream, { status, location, keepsConnection: true }, (state) => {
      isComplete = state.kind === 'complete';
      onResponse(state);
    });
  });
}

type Head = Pick<Extract<ResponseState, { kind: 'body' }>, 'status' | 'location' | 'keepsConnection'>;

/** Tells the response at its head, at each piece of the body, and at its end or bound. */
function read(stream: ClientHttp2Stream, head: Head, onResponse: Http2Events['onResponse']): void {
  const collected = new BoundedBytes(LONGEST_BODY_BYTES);
  stream.on('data', (bytes: Buffer) => {
    collected.add(bytes);
    const body = collected.bytes;
    if (collected.isFull) onResponse({ ...head, kind: 'complete', keepsConnection: false, body });
    else onResponse({ ...head, kind: 'body', body });
  });
  stream.once('end', () => onResponse({ ...head, kind: 'complete', body: collected.bytes }));
  onResponse({ ...head, kind: 'body', body: collected.bytes });
}
