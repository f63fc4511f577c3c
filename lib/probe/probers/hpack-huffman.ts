/** The Huffman code of HPACK (RFC 7541, appendix B): the length of the code of each byte, and of the end mark. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const END_MARK = 256;
const LONGEST_CODE = 30;
const LONGEST_PADDING = 7;

/** The codes are canonical: of one length they follow each other in the order of the bytes. */
interface CodesOfLength {
  readonly first: number;
  readonly symbols: readonly number[];
}

const CODES: readonly CodesOfLength[] = codesByLength();

/** The text, one character a byte; undefined for bits that are no such code or are padded wrongly. */
export function decodeHuffman(bytes: Buffer): string | undefined {
  const decoded: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      length++;
      if (length > LONGEST_CODE) return undefined;
      const symbol = symbolOf(code, length);
      if (symbol === END_MARK) return undefined;
      if (symbol !== undefined) {
        decoded.push(symbol);
        code = 0;
        length = 0;
      }
    }
  }
  // What is left over is the beginning of the end mark, which is all ones.
  const isPadded = length <= LONGEST_PADDING && code === (1 << length) - 1;
  return isPadded ? Buffer.from(decoded).toString('latin1') : undefined;
}

function symbolOf(code: number, length: number): number | undefined {
  const codes = CODES[length];
  return codes?.symbols[code - codes.first];
}

function codesByLength(): readonly CodesOfLength[] {
  let next = 0;
  return Array.from({ length: LONGEST_CODE + 1 }, (_, length) => {
    const symbols = LENGTHS.flatMap((one, symbol) => (one === length ? [symbol] : []));
    const first = next;
    next = (next + symbols.length) << 1;
    return { first, symbols };
  });
}
