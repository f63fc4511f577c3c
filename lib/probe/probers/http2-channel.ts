import type { Socket } from 'node:net';
import type { Breakage } from '#lib/probe/probers/http-breakage.ts';
import { type HttpRequest, http2Fields } from '#lib/probe/probers/http-request.ts';
import type { ResponseState } from '#lib/probe/probers/http-response-reader.ts';
import { Http2Session, type Http2State } from '#lib/probe/probers/http2-session.ts';

export interface Http2Events {
  onResponse(state: ResponseState): void;
  onBroken(breakage: Breakage): void;
}

/** HTTP/2 over a connection that stands, one request at a time. */
export interface Http2Channel {
  ask(request: HttpRequest): void;
}

/** Speaks HTTP/2 on the stream, by prior knowledge (RFC 9113 §3.3) or after ALPN; errors of the stream are not told. */
export function openHttp2(stream: Socket, events: Http2Events): Http2Channel {
  const session = new Http2Session();
  stream.setNoDelay(true);
  let isBusy = false;
  stream.on('data', (bytes: Buffer) => {
    const reply = session.push(bytes);
    if (reply.length > 0 && stream.writable) stream.write(reply);
    if (isBusy) {
      // Before it is told: what hears of the end may ask again at once.
      isBusy = session.state.kind === 'head' || session.state.kind === 'body';
      tell(session, events);
    } else if (session.isLeaving) {
      events.onBroken({ kind: 'closed' });
    }
  });
  stream.once('end', () => events.onBroken({ kind: 'closed' }));
  return {
    ask(request) {
      isBusy = true;
      stream.write(session.ask({ fields: http2Fields(request) }));
    },
  };
}

/** Tells how far the response has come; of one that ends early, first what had come of it. */
function tell({ state, isLeaving }: Http2Session, { onResponse, onBroken }: Http2Events): void {
  if ('soFar' in state && state.soFar !== undefined) {
    onResponse(responseState({ ...state.soFar, kind: 'body' }, true));
  }
  switch (state.kind) {
    case 'head':
      break;
    case 'reset':
      onBroken({ kind: 'reset' });
      break;
    case 'goodbye':
      onBroken({ kind: 'closed' });
      break;
    case 'malformed':
      onResponse({ kind: 'malformed', message: state.message, soFar: undefined });
      break;
    case 'body':
    case 'complete':
      onResponse(responseState(state, isLeaving));
  }
}

type Told = Extract<Http2State, { readonly status: number }>;

function responseState(state: Told, isLeaving: boolean): ResponseState {
  const { kind, status, fields, body } = state;
  const location = fields.find(([name]) => name === 'location')?.[1];
  const keepsConnection = !isLeaving && !(kind === 'complete' && state.isCut);
  return { kind, status, location, keepsConnection, body };
}
