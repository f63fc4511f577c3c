import { isRecord, parseJson } from '#lib/core/json.ts';

/** Where the API server describes the objects of the core group. */
export const CORE_DESCRIPTION = '/openapi/v3/api/v1';

/** No type of the API is described at such length. */
const LONGEST_SCHEMA = 512 * 1024;

/**
 * Finds the properties of one type, such as `io.k8s.api.core.v1.ServiceSpec`, in an OpenAPI document of the API server that
 * arrives in pieces. Nothing else of the document is kept or parsed: it has more than a megabyte.
 */
export class SchemaScanner {
  readonly #key: string;
  /** The end of what has arrived; from the type's schema on, once that was found. */
  #text = '';
  #isFound = false;
  #properties: readonly string[] | undefined;

  constructor(type: string) {
    this.#key = `"${type}":`;
  }

  /** Takes the next piece; names are ASCII, so that a character which is cut in two does no harm. */
  push(chunk: Buffer): void {
    if (this.#properties !== undefined) return;
    this.#text += chunk.toString('latin1');
    if (!this.#isFound) this.#find();
    if (!this.#isFound || this.#text.length > LONGEST_SCHEMA) return;
    const schema = parseJson(firstObject(this.#text));
    if (!isRecord(schema)) return;
    this.#properties = isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];
    this.#text = '';
  }

  /** Their names; undefined when the type was not found. */
  properties(): readonly string[] | undefined {
    return this.#properties;
  }

  #find(): void {
    const at = this.#text.indexOf(this.#key);
    this.#isFound = at >= 0;
    this.#text = this.#text.slice(this.#isFound ? at + this.#key.length : -this.#key.length);
  }
}

/** Strings, in which braces mean nothing, and braces. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}]/gs;

/** The JSON object that the text begins with; undefined while its end is missing. */
function firstObject(text: string): string | undefined {
  let depth = 0;
  for (const token of text.matchAll(TOKENS)) {
    if (token[0] === '{') depth += 1;
    if (token[0] === '}') depth -= 1;
    if (depth === 0) return text.slice(0, token.index + 1);
  }
  return undefined;
}
