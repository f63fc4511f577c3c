/** 1/φ: multiples of it modulo 1 are spread more evenly, at every count, than those of any other number. */
const GOLDEN = 0.618_033_988_749_895;

/** The n-th of a sequence in [0, 1) of which any number of consecutive members are spread evenly. */
export function goldenFraction(n: number): number {
  return (n * GOLDEN) % 1;
}
