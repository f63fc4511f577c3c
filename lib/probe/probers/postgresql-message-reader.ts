/** What has come: whole messages as the server wrote them, and whether what follows them is none. */
export interface ReceivedMessages {
  readonly messages: readonly Buffer[];
  readonly isMalformed: boolean;
}

/** Type and length. */
const HEAD_BYTES = 5;
/** The length counts itself. */
const LENGTH_BYTES = 4;

/** Types whose content is fields: error and notice. */
const ERROR = 0x45;
const NOTICE = 0x4e;

/**
 * Cuts messages of a PostgreSQL server out of pieces of any size (documentation, "Message Formats"), so that the client
 * reads none beyond its end and none that it would never get to the end of.
 */
export class PostgresqlMessageReader {
  readonly #longestBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #isMalformed = false;

  /** A message that says to be longer than so many bytes is malformed. */
  constructor(longestBytes: number) {
    this.#longestBytes = longestBytes;
  }

  /** Takes the next bytes; after malformed ones nothing more comes. */
  push(bytes: Buffer): ReceivedMessages {
    const messages: Buffer[] = [];
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (!this.#isMalformed) {
      const message = this.#next();
      if (message === undefined) break;
      messages.push(message);
    }
    return { messages, isMalformed: this.#isMalformed };
  }

  #next(): Buffer | undefined {
    if (this.#rest.length < HEAD_BYTES) return undefined;
    const length = this.#rest.readUInt32BE(1);
    if (length < LENGTH_BYTES || length > this.#longestBytes) {
      this.#isMalformed = true;
      return undefined;
    }
    const end = length + HEAD_BYTES - LENGTH_BYTES;
    if (this.#rest.length < end) return undefined;
    const message = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end);
    const type = message[0];
    if ((type === ERROR || type === NOTICE) && !areFields(message.subarray(HEAD_BYTES))) {
      this.#isMalformed = true;
      return undefined;
    }
    return message;
  }
}

/** Whether the content is fields, each a byte and a text, with a zero byte after each text and after the last field. */
function areFields(content: Buffer): boolean {
  let offset = 0;
  while (content[offset] !== 0) {
    const end = content.indexOf(0, offset + 1);
    if (offset >= content.length || end === -1) return false;
    offset = end + 1;
  }
  return true;
}
