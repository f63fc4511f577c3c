import { BoundedBytes } from '#lib/probe/probers/bounded-bytes.ts';
import { HpackDecoder, LONGEST_HEAD_BYTES } from '#lib/probe/probers/hpack-decoder.ts';
import type { Field } from '#lib/probe/probers/hpack-static-table.ts';
import { LONGEST_BODY_BYTES } from '#lib/probe/probers/http-body-decoder.ts';
import {
  areSettings,
  OPENING,
  requestFrames,
  SETTINGS_ACK,
  windowUpdate,
} from '#lib/probe/probers/http2-client-frames.ts';
import {
  contentOf,
  encodeFrame,
  FLAG,
  FRAME,
  type Http2Frame,
  Http2FrameReader,
} from '#lib/probe/probers/http2-frame.ts';

/** What is asked: names and values in turn, the pseudo fields first, and a body of at most some kilobytes. */
export interface Http2Request {
  readonly fields: readonly string[];
  readonly body?: Buffer;
}

/** How far the response to the last request has come. */
export type Http2State =
  | { readonly kind: 'head' }
  | ({ readonly kind: 'body' } & Http2Response)
  /** It has ended, or as much of its body as is ever read has come (`isCut`). */
  | ({ readonly kind: 'complete'; readonly isCut: boolean } & Http2Response)
  | Http2Failure;

/** Why a response ends early, and what had come of it when it did. */
type Http2Failure = { readonly soFar: Http2Response | undefined } & (
  | { /** The server has taken the request back. */ readonly kind: 'reset' }
  | { /** The server takes no request any more and has not taken this one. */ readonly kind: 'goodbye' }
  | { /** The connection is of no use any more. */ readonly kind: 'malformed'; readonly message: string }
);

interface Http2Response {
  readonly status: number;
  readonly fields: readonly Field[];
  /** Those after the body; empty until they have come. */
  readonly trailers: readonly Field[];
  readonly body: Buffer;
}

/** Frames without a byte of the body that a server may send for one request: a sane one sends ten. */
const MOST_OTHER_FRAMES = 128;

const NO_BYTES = Buffer.alloc(0);

/**
 * The client's side of one HTTP/2 connection, one request at a time, within fixed bounds (RFC 9113). Pure: bytes in,
 * bytes and a state out; how the bytes are cut into pieces makes no difference to the final state.
 */
export class Http2Session {
  readonly #frames = new Http2FrameReader();
  readonly #hpack = new HpackDecoder();
  #isGreeted = false;
  #isLeaving = false;
  /** What has come after the end of the response cannot be read: nothing more will be. */
  #isBroken = false;
  /** The stream of the last request; 0 before the first. */
  #stream = 0;
  #state: Http2State = { kind: 'head' };
  #body = new BoundedBytes(LONGEST_BODY_BYTES);
  #otherFrames = 0;
  /** A header block whose end has not come. */
  #block: HeaderBlock | undefined;
  /** Received for the body since the server was last told that it may send as much again. */
  #unacknowledgedBytes = 0;
  #replies: Buffer[] = [];

  get state(): Http2State {
    return this.#state;
  }

  /** Whether no further request can be asked on the connection. */
  get isLeaving(): boolean {
    return this.#isLeaving || this.#isOver;
  }

  /** The bytes that ask. The response before must be complete and not cut. */
  ask({ fields, body }: Http2Request): Buffer {
    const opening = this.#stream === 0 ? OPENING : this.#windowUpdate();
    this.#stream += this.#stream === 0 ? 1 : 2;
    this.#body = new BoundedBytes(LONGEST_BODY_BYTES);
    this.#otherFrames = 0;
    this.#state = { kind: 'head' };
    return Buffer.concat([opening, ...requestFrames(this.#stream, fields, body)]);
  }

  /** Takes the next bytes of the server and returns what to answer, often nothing. */
  push(bytes: Buffer): Buffer {
    this.#replies = [];
    this.#frames.push(bytes);
    if (!this.#isGreeted) this.#checkGreeting();
    while (!this.#isOver) {
      const frame = this.#frames.next();
      if (frame === undefined) break;
      if (frame === 'tooLong') this.#fail('a frame that is longer than allowed');
      else this.#take(frame);
    }
    if (this.#state.kind === 'body') this.#state = { ...this.#state, body: this.#body.bytes };
    return this.#replies.length === 0 ? NO_BYTES : Buffer.concat(this.#replies);
  }

  get #isOver(): boolean {
    return this.#isBroken || (this.#state.kind === 'complete' && this.#state.isCut);
  }

  /** Its settings are the first that a server says: whoever says something else speaks another protocol. */
  #checkGreeting(): void {
    const type = this.#frames.nextType;
    if (type === undefined) return;
    this.#isGreeted = true;
    if (type !== FRAME.settings) this.#fail('something other than HTTP/2');
  }

  #take(frame: Http2Frame): void {
    const isBody = frame.type === FRAME.data && frame.payload.length > 0;
    if (!isBody && ++this.#otherFrames > MOST_OTHER_FRAMES) {
      this.#fail(`more than ${MOST_OTHER_FRAMES} frames beside the body`);
    } else if (this.#block !== undefined && frame.type !== FRAME.continuation) {
      this.#fail('headers that break off');
    } else {
      this.#dispatch(frame);
    }
  }

  #dispatch(frame: Http2Frame): void {
    switch (frame.type) {
      case FRAME.data:
        this.#takeData(frame);
        break;
      case FRAME.headers:
      case FRAME.continuation:
        this.#takeHeaders(frame);
        break;
      case FRAME.resetStream:
        if (frame.stream === this.#stream) this.#endEarly({ kind: 'reset' });
        break;
      case FRAME.settings:
        this.#takeSettings(frame);
        break;
      case FRAME.pushPromise:
        this.#fail('a promise that was not asked for');
        break;
      case FRAME.ping:
        this.#takePing(frame);
        break;
      case FRAME.goAway:
        this.#takeGoAway(frame);
        break;
      default:
        // Windows and priorities are for larger requests; frames of unknown type are ignored (RFC 9113 §4.1).
        break;
    }
  }

  #takeData(frame: Http2Frame): void {
    const content = contentOf(frame);
    const state = this.#state;
    if (content === undefined || frame.stream !== this.#stream || state.kind !== 'body') {
      if (state.kind !== 'reset') this.#fail('a body out of place');
      return;
    }
    this.#unacknowledgedBytes += frame.payload.length;
    this.#body.add(content);
    if ((frame.flags & FLAG.endStream) !== 0) this.#complete(state, []);
    else if (this.#body.isFull) this.#complete(state, [], true);
    else if (content.length === 0 && ++this.#otherFrames > MOST_OTHER_FRAMES) this.#fail('padding alone');
  }

  #takeHeaders(frame: Http2Frame): void {
    const isFirst = frame.type === FRAME.headers;
    const content = contentOf(frame);
    if (content === undefined || frame.stream !== this.#stream || isFirst === (this.#block !== undefined)) {
      this.#fail('headers out of place');
      return;
    }
    const block = this.#block ?? { parts: [], bytes: 0, endsStream: (frame.flags & FLAG.endStream) !== 0 };
    block.parts.push(Buffer.from(content));
    block.bytes += content.length;
    this.#block = block;
    if (block.bytes > LONGEST_HEAD_BYTES) this.#fail('more than 32 KiB of headers');
    else if ((frame.flags & FLAG.endHeaders) !== 0) this.#endBlock(block);
  }

  #endBlock(block: HeaderBlock): void {
    this.#block = undefined;
    const result = this.#hpack.decode(Buffer.concat(block.parts));
    if (result.kind !== 'fields') {
      this.#fail(result.kind === 'tooLong' ? 'more than 32 KiB of headers' : 'malformed headers');
    } else if (this.#state.kind === 'head') {
      this.#takeHead(result.fields, block.endsStream);
    } else if (this.#state.kind === 'body' && block.endsStream) {
      this.#complete(this.#state, result.fields);
    } else if (this.#state.kind !== 'reset') {
      this.#fail('headers out of place');
    }
  }

  #takeHead(fields: readonly Field[], endsStream: boolean): void {
    const text = fields.find(([name]) => name === ':status')?.[1] ?? '';
    const status = /^[1-9]\d\d$/.test(text) ? Number(text) : undefined;
    if (status === undefined || (status < 200 && endsStream)) {
      this.#fail('headers without a status');
    } else if (status >= 200) {
      const state = { kind: 'body', status, fields, trailers: [], body: NO_BYTES } as const;
      this.#state = state;
      if (endsStream) this.#complete(state, []);
    }
  }

  #takeSettings({ flags, stream, payload }: Http2Frame): void {
    if ((flags & FLAG.ack) !== 0) return;
    if (stream !== 0 || !areSettings(payload)) {
      this.#fail('malformed settings');
      return;
    }
    this.#replies.push(SETTINGS_ACK);
  }

  #takePing({ flags, payload }: Http2Frame): void {
    if ((flags & FLAG.ack) !== 0) return;
    if (payload.length !== PING_BYTES) this.#fail('a malformed ping');
    else this.#replies.push(encodeFrame({ type: FRAME.ping, flags: FLAG.ack, stream: 0, payload }));
  }

  #takeGoAway({ payload }: Http2Frame): void {
    this.#isLeaving = true;
    const lastStream = payload.length < GO_AWAY_BYTES ? 0 : payload.readUInt32BE(0) & 0x7fffffff;
    if (lastStream < this.#stream) this.#endEarly({ kind: 'goodbye' });
  }

  #complete(state: Http2Response, trailers: readonly Field[], isCut = false): void {
    const { status, fields } = state;
    this.#state = { kind: 'complete', status, fields, trailers, body: this.#body.bytes, isCut };
  }

  #windowUpdate(): Buffer {
    const bytes = this.#unacknowledgedBytes;
    this.#unacknowledgedBytes = 0;
    return bytes === 0 ? NO_BYTES : windowUpdate(bytes);
  }

  #fail(message: string): void {
    this.#isBroken = true;
    this.#endEarly({ kind: 'malformed', message });
  }

  /** What comes after the end of a response does not change it. */
  #endEarly(failure: WithoutSoFar<Http2Failure>): void {
    const state = this.#state;
    if (state.kind === 'head') this.#state = { ...failure, soFar: undefined };
    else if (state.kind === 'body') this.#state = { ...failure, soFar: { ...state, body: this.#body.bytes } };
  }
}

type WithoutSoFar<T> = T extends unknown ? Omit<T, 'soFar'> : never;

interface HeaderBlock {
  readonly parts: Buffer[];
  bytes: number;
  readonly endsStream: boolean;
}

const PING_BYTES = 8;
const GO_AWAY_BYTES = 8;
