import { type BodyDecoder, createBodyDecoder, type Framing } from '#lib/probe/probers/http-body-decoder.ts';
import type { HttpRequest } from '#lib/probe/probers/http-request.ts';

/** How far a response has been read. */
export type ResponseState =
  | { readonly kind: 'head' }
  | ({ readonly kind: 'body' } & ResponseSoFar)
  /** The body has ended, or as much of it as is ever read has come. */
  | ({ readonly kind: 'complete' } & ResponseSoFar)
  /** `soFar`: what had come when the first byte came that cannot be read. */
  | { readonly kind: 'malformed'; readonly message: string; readonly soFar: ResponseSoFar | undefined };

export interface ResponseSoFar extends ResponseHead {
  /** Empty where it is not wanted. */
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
  readonly #wantsBody: boolean;
  #headBytes = 0;
  /** What has come of a line that is not whole, one character a byte; a rope, so that a drip of bytes costs no copies. */
  #line = '';
  #status: number | undefined;
  #isPersistent = false;
  #fields: FramingFields | undefined;
  #decoder: BodyDecoder | undefined;
  #state: ResponseState = HEAD;

  /** `method` is that of the request: an answer to HEAD has no body. One that is not wanted is not remembered. */
  constructor({ method, wantsBody }: Pick<HttpRequest, 'method' | 'wantsBody'>) {
    this.#method = method;
    this.#wantsBody = wantsBody;
  }

  /** Takes the next bytes; ignored once complete or malformed. */
  push(bytes: Buffer): ResponseState {
    let offset = 0;
    while (this.#state.kind === 'head' && offset < bytes.length) offset = this.#readLine(bytes, offset);
    if (this.#state.kind === 'body' && offset < bytes.length) {
      this.#readBody(this.#state, bytes, offset);
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

  /** Gives the offset of the byte after the line, or after all bytes if the line does not end in them. */
  #readLine(bytes: Buffer, offset: number): number {
    const newline = bytes.indexOf(LINE_FEED, offset);
    const next = newline === -1 ? bytes.length : newline + 1;
    this.#headBytes += next - offset;
    if (this.#headBytes > LONGEST_HEAD_BYTES) {
      this.#fail('more than 32 KiB of headers');
      return bytes.length;
    }
    if (newline === -1) {
      this.#line += bytes.toString('latin1', offset, next);
      return next;
    }
    if (this.#line === '' && this.#isWithoutMeaning(bytes, offset, newline)) return next;
    const end = newline > offset && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
    const isWhole = this.#line === '';
    this.#takeLine(isWhole ? bytes.toString('latin1', offset, end) : this.#endLine(bytes, offset, newline));
    return next;
  }

  /** The line that began in earlier bytes. Its carriage return may be the last one of them. */
  #endLine(bytes: Buffer, offset: number, newline: number): string {
    const line = this.#line + bytes.toString('latin1', offset, newline);
    this.#line = '';
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  /** Most headers are none of ours: this look at their bytes spares them becoming text. */
  #isWithoutMeaning(bytes: Buffer, offset: number, newline: number): boolean {
    if (this.#status === undefined) return false;
    const first = bytes[offset] ?? 0;
    if (!isLetter(first) || OUR_FIRST_LETTERS.has(first)) return false;
    const colon = bytes.indexOf(COLON, offset);
    return colon !== -1 && colon < newline;
  }

  #takeLine(line: string): void {
    if (this.#status === undefined) {
      const status = statusOf(line);
      if (status === undefined) {
        this.#fail('something other than HTTP/1');
        return;
      }
      this.#isPersistent = line[MINOR_VERSION] !== '0';
      this.#status = status;
    } else if (line === '') {
      this.#endHead(this.#status);
    } else {
      this.#fields ??= new FramingFields();
      if (!this.#fields.add(line)) this.#fail('a malformed header');
    }
  }

  #endHead(status: number): void {
    const isInterim = status < 200 && status !== 101;
    const fields = this.#fields ?? new FramingFields();
    this.#fields = undefined;
    if (isInterim) {
      this.#status = undefined;
      return;
    }
    const { location, closesConnection } = fields;
    const keepsConnection = this.#isPersistent && !closesConnection && status >= 200;
    if (this.#method === 'HEAD' || status < 200 || status === 204 || status === 304) {
      this.#state = { kind: 'complete', status, location, keepsConnection, body: NO_BODY };
      return;
    }
    const framing = fields.framing();
    if (framing === undefined) {
      this.#fail('a malformed Content-Length');
      return;
    }
    this.#decoder = createBodyDecoder(framing, this.#wantsBody);
    const head = { status, location, keepsConnection: keepsConnection && this.#decoder.canEnd };
    this.#readBody(head, NO_BODY, 0);
  }

  #readBody({ status, location, keepsConnection }: ResponseHead, bytes: Buffer, from: number): void {
    const progress = this.#decoder?.push(bytes, from);
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

const HEAD: ResponseState = { kind: 'head' };
const VERSION = 'HTTP/1.';
const MINOR_VERSION = VERSION.length;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
/** Those of the header fields that are read. */
const OUR_FIRST_LETTERS: ReadonlySet<number> = new Set(Buffer.from('cltCLT'));

/**
 * The status of a status line without its end (RFC 9112 §4), `HTTP/1.x nnn` and then anything after a space; undefined where it
 * is none. By hand: a regular expression leaves an array and three texts behind.
 */
function statusOf(line: string): number | undefined {
  const from = MINOR_VERSION + 2;
  if (!line.startsWith(VERSION) || line[MINOR_VERSION + 1] !== ' ' || line.includes('\r')) return undefined;
  const end = from + 3;
  if (line.length > end && line[end] !== ' ') return undefined;
  const minor = digitAt(line, MINOR_VERSION);
  const [hundreds, tens, ones] = [digitAt(line, from), digitAt(line, from + 1), digitAt(line, from + 2)];
  const status = 100 * hundreds + 10 * tens + ones;
  return Number.isNaN(minor + status) ? undefined : status;
}

function digitAt(line: string, index: number): number {
  const digit = line.charCodeAt(index) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

const ZERO = 0x30;

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** The header fields that say where the body ends, and what follows it. */
class FramingFields {
  /** Of several the first, as browsers and kubelet take it. */
  location: string | undefined;
  closesConnection = false;
  /** Lengths that contradict each other count as one that is no number. */
  #contentLength: string | undefined;
  #lastCoding: string | undefined;

  /** Takes one header line; false when it is none. A folded line continues a field that does not matter here. */
  add(line: string): boolean {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      return true;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) {
      return false;
    }
    if (OUR_FIRST_LETTERS.has(line.charCodeAt(0))) {
      this.#take(line.slice(0, colon).trimEnd().toLowerCase(), line.slice(colon + 1));
    }
    return true;
  }

  /** RFC 9112 §6.3; absent when the lengths contradict each other or are no numbers. */
  framing(): Framing | undefined {
    if (this.#lastCoding !== undefined) {
      return this.#lastCoding === 'chunked' ? { kind: 'chunked' } : { kind: 'untilClose' };
    }
    const length = this.#contentLength;
    if (length === undefined) {
      return { kind: 'untilClose' };
    }
    return CONTENT_LENGTH.test(length) ? { kind: 'length', bytes: Number(length) } : undefined;
  }

  #take(name: string, value: string): void {
    switch (name) {
      case 'content-length':
        for (const length of membersOf(value)) {
          this.#contentLength ??= length;
          if (length !== this.#contentLength) this.#contentLength = CONTRADICTION;
        }
        break;
      case 'transfer-encoding':
        this.#lastCoding = membersOf(value).at(-1)?.toLowerCase();
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

const CONTENT_LENGTH = /^\d{1,15}$/;
const CONTRADICTION = 'contradiction';

function membersOf(value: string): readonly string[] {
  return value.includes(',') ? value.split(',').map((member) => member.trim()) : [value.trim()];
}
