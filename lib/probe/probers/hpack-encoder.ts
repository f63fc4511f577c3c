/**
 * Header fields as HPACK writes those that are in no table (RFC 7541 §6.2.2): every server reads them, and nothing
 * need be remembered. Names and values in turn, in UTF-8.
 */
export function encodeFields(namesAndValues: readonly string[]): Buffer {
  const parts = namesAndValues.flatMap((text, index) => {
    const bytes = Buffer.from(text);
    const length = Buffer.from(lengthOf(bytes));
    return index % 2 === 0 ? [LITERAL, length, bytes] : [length, bytes];
  });
  return Buffer.concat(parts);
}

const LITERAL = Buffer.from([0]);

/** RFC 7541 §5.1, with seven bits in the first byte. */
function lengthOf({ length }: Buffer): readonly number[] {
  if (length < 0x7f) return [length];
  const digits: number[] = [];
  let rest = length - 0x7f;
  while (rest >= 0x80) {
    digits.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [0x7f, ...digits, rest];
}
