/** One figure of a benchmark against what it must reach. */
export interface Bar {
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
  /** The largest value that is good enough. */
  readonly atMost: number;
}

/** Prints one line a bar and returns whether all hold. */
export function printBars(bars: readonly Bar[]): boolean {
  for (const { name, measured, unit, atMost } of bars) {
    const verdict = measured <= atMost ? 'ok  ' : 'MISS';
    console.log(`${verdict} ${name}: ${round(measured)} ${unit} (at most ${atMost})`);
  }
  return bars.every(({ measured, atMost }) => measured <= atMost);
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
