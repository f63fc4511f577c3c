/** Numbers from 0 up to, but not including, the limit. */
export type Random = (limit: number) => number;

/** A source of numbers that repeats itself for the same seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What inputs are made of: whole ones that a sane peer may send, and pieces that matter to the reader. */
export interface Material {
  readonly wholes: readonly Buffer[];
  readonly pieces: readonly Buffer[];
}

const MOST_MUTATIONS = 6;
const MOST_REPEATS = 3000;
const LONGEST_INPUT_BYTES = 200_000;
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x20, 0x3a, 0x3b] as const;
const INTEGER_EDGES = [0, 1, 4, 5, 0x7f, 0x80, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff] as const;

/** An input: one of the wholes, changed in a few places. */
export function mutated(random: Random, { wholes, pieces }: Material): Buffer {
  let bytes = pick(random, wholes);
  for (let left = random(MOST_MUTATIONS + 1); left > 0; left--) {
    bytes = mutate(random, bytes, { wholes, pieces });
  }
  return bytes.subarray(0, LONGEST_INPUT_BYTES);
}

/** The same bytes in pieces. */
export function cut(random: Random, bytes: Buffer): readonly Buffer[] {
  const largest = pick(random, [1, 3, 10, 100, 10_000]);
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + random(largest);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

function mutate(random: Random, bytes: Buffer, { wholes, pieces }: Material): Buffer {
  const at = random(bytes.length + 1);
  const until = Math.min(bytes.length, at + 1 + random(16));
  const [before, range, after] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
  switch (random(9)) {
    case 0:
      return Buffer.concat([before, Buffer.from(range).map((byte) => byte ^ (1 << random(8))), after]);
    case 1:
      return Buffer.concat([before, Buffer.from([pick(random, EDGES)]), range, after]);
    case 2:
      return Buffer.concat([before, after]);
    case 3:
      return Buffer.concat([before, pick(random, pieces), range, after]);
    case 4:
      return Buffer.concat([before, integer(random), bytes.subarray(Math.min(bytes.length, at + 4))]);
    case 5:
      return Buffer.concat([before, pick(random, wholes)]);
    case 6:
      return before;
    case 7:
      return Buffer.concat([bytes, pick(random, wholes)]);
    default:
      return Buffer.concat([before, repeated(random, range), after]);
  }
}

/** Seldom often: long inputs cost the most. */
function repeated(random: Random, range: Buffer): Buffer {
  const times = random(20) === 0 ? random(MOST_REPEATS) : random(8);
  return Buffer.concat(Array.from({ length: times }, () => range));
}

function integer(random: Random): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(pick(random, INTEGER_EDGES));
  return bytes;
}

function pick<T>(random: Random, values: readonly T[]): T {
  const value = values[random(values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}
