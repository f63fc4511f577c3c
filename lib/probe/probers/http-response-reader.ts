import { type BodyDecoder, createBodyDecoder, type Framing } from '#lib/probe/probers/http-body-decoder.ts';

/** How far a response has been read. */
export type ResponseState =
  | { readonly kind: 'head' }
  | ({ readonly kind: 'body' } & ResponseSoFar)
  /** The body has ended, or as much of it as is ever read has come. */
  | ({ readonly kind: 'complete' } & ResponseSoFar)
  /** `soFar`: what had come when the first byte came that cannot be read. */
  | { readonly kind: 'malformed'; readonly message: string; readonly soFar: ResponseSoFar | undefined };

export interface ResponseSoFar extends ResponseHead {
  readonly body: Buffer;
}

/** What matters of the status line and the headers. */
interface ResponseHead {
  readonly status: number;
  /** Header `Location`, one character a byte. */
  readonly location: string | undefined;
  /** Whether the connection can serve another request once the response is complete. */
  readonly keepsConnection: boolean;
}

/** Status line and headers, interim responses included; as much as common servers accept of a client, and more. */
const LONGEST_HEAD_BYTES = 32 * 1024;

const NO_BODY = Buffer.alloc(0);

/**
 * Reads one HTTP/1.x response from pieces of any size, within fixed bounds. Pure: how the bytes are cut into
 * pieces makes no difference to the final state.
 */
export class HttpResponseReader {
  readonly #method: 'GET' | 'HEAD';
  #headBytes = 0;
  /** The line being read, one character a byte; grows as a rope, so that a drip of bytes costs no copies. */
  #line = '';
  #status: number | undefined;
  #isPersistent = false;
  #fields = new FramingFields();
  #decoder: BodyDecoder | undefined;
  #state: ResponseState = { kind: 'head' };

  /** `method` is that of the request: an answer to HEAD has no body. */
  constructor(method: 'GET' | 'HEAD') {
    this.#method = method;
  }

  /** Takes the next bytes; ignored once complete or malformed. */
  push(bytes: Buffer): ResponseState {
    let rest: Buffer | undefined = bytes;
    while (rest !== undefined && rest.length > 0) {
      if (this.#state.kind === 'head') {
        rest = this.#readLine(rest);
      } else if (this.#state.kind === 'body') {
        this.#readBody(this.#state, rest);
        rest = undefined;
      } else {
        rest = undefined;
      }
    }
    return this.#state;
  }

  /** The peer sends no more. */
  end(): ResponseState {
    if (this.#state.kind === 'head') {
      this.#fail(this.#headBytes === 0 ? 'no answer' : 'an answer that ends within its headers');
    } else if (this.#state.kind === 'body') {
      if (this.#decoder?.endsWithConnection === true) {
        this.#state = { ...this.#state, kind: 'complete' };
      } else {
        this.#fail('an answer that ends within its body', this.#state);
      }
    }
    return this.#state;
  }

  #readLine(bytes: Buffer): Buffer | undefined {
    const newline = bytes.indexOf(0x0a);
    const length = newline === -1 ? bytes.length : newline + 1;
    this.#headBytes += length;
    if (this.#headBytes > LONGEST_HEAD_BYTES) {
      this.#fail('more than 32 KiB of headers');
      return undefined;
    }
    this.#line += bytes.toString('latin1', 0, newline === -1 ? length : newline);
    if (newline === -1) {
      return undefined;
    }
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    this.#takeLine(line);
    return bytes.subarray(length);
  }

  #takeLine(line: string): void {
    if (this.#status === undefined) {
      const match = /^HTTP\/1\.(\d) (\d{3})(?: .*)?$/.exec(line);
      if (match === null) {
        this.#fail('something other than HTTP/1');
        return;
      }
      this.#isPersistent = match[1] !== '0';
      this.#status = Number(match[2]);
    } else if (line === '') {
      this.#endHead(this.#status);
    } else if (!this.#fields.add(line)) {
      this.#fail('a malformed header');
    }
  }

  #endHead(status: number): void {
    const isInterim = status < 200 && status !== 101;
    const framing = this.#fields.framing();
    const { location, closesConnection } = this.#fields;
    this.#fields = new FramingFields();
    if (isInterim) {
      this.#status = undefined;
      return;
    }
    const keepsConnection = this.#isPersistent && !closesConnection && status >= 200;
    if (this.#method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      this.#state = { kind: 'complete', status, location, keepsConnection, body: NO_BODY };
      return;
    }
    if (framing === undefined) {
      this.#fail('a malformed Content-Length');
      return;
    }
    this.#decoder = createBodyDecoder(framing);
    const head = { status, location, keepsConnection: keepsConnection && this.#decoder.canEnd };
    this.#readBody(head, NO_BODY);
  }

  #readBody({ status, location, keepsConnection }: ResponseHead, bytes: Buffer): void {
    const progress = this.#decoder?.push(bytes);
    if (progress === undefined || progress.kind === 'malformed') {
      const soFar = { status, location, keepsConnection: false, body: progress?.body ?? NO_BODY };
      this.#fail('a malformed chunked body', soFar);
      return;
    }
    const { kind, body } = progress;
    this.#state =
      kind === 'more'
        ? { kind: 'body', status, location, keepsConnection, body }
        : { kind: 'complete', status, location, keepsConnection: keepsConnection && kind === 'ended', body };
  }

  #fail(what: string, soFar?: ResponseSoFar): void {
    this.#state = { kind: 'malformed', message: what, soFar };
  }
}

/** The header fields that say where the body ends, and what follows it. */
class FramingFields {
  /** Of several the first, as browsers and kubelet take it. */
  location: string | undefined;
  closesConnection = false;
  #contentLengths: string[] = [];
  #codings: string[] = [];

  /** Takes one header line; false when it is none. A folded line continues a field that does not matter here. */
  add(line: string): boolean {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      return true;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) {
      return false;
    }
    if (FIRST_LETTER_OF_OURS.test(line)) {
      this.#take(line.slice(0, colon).trimEnd().toLowerCase(), line.slice(colon + 1));
    }
    return true;
  }

  /** RFC 9112 §6.3; absent when the lengths contradict each other or are no numbers. */
  framing(): Framing | undefined {
    if (this.#codings.length > 0) {
      return this.#codings.at(-1) === 'chunked' ? { kind: 'chunked' } : { kind: 'untilClose' };
    }
    const [length, ...others] = this.#contentLengths;
    if (length === undefined) {
      return { kind: 'untilClose' };
    }
    if (!/^\d{1,15}$/.test(length) || others.some((other) => other !== length)) {
      return undefined;
    }
    return { kind: 'length', bytes: Number(length) };
  }

  #take(name: string, value: string): void {
    switch (name) {
      case 'content-length':
        this.#contentLengths.push(...membersOf(value));
        break;
      case 'transfer-encoding':
        this.#codings.push(...membersOf(value).map((coding) => coding.toLowerCase()));
        break;
      case 'connection':
        this.closesConnection ||= membersOf(value).some((option) => option.toLowerCase() === 'close');
        break;
      case 'location':
        this.location ??= value.trim();
        break;
    }
  }
}

/** Most headers are none of ours: this look spares them the rest. */
const FIRST_LETTER_OF_OURS = /^[clt]/i;

function membersOf(value: string): readonly string[] {
  return value.split(',').map((member) => member.trim());
}
