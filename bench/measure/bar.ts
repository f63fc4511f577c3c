/** One figure of a benchmark against what it must reach: a largest or a smallest value that is good enough. */
export type Bar = {
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
} & ({ readonly atMost: number } | { readonly atLeast: number });

/** Prints one line a bar and returns whether all hold. */
export function printBars(bars: readonly Bar[]): boolean {
  for (const bar of bars) {
    const limit = 'atMost' in bar ? `at most ${bar.atMost}` : `at least ${bar.atLeast}`;
    console.log(`${holds(bar) ? 'ok  ' : 'MISS'} ${bar.name}: ${round(bar.measured)} ${bar.unit} (${limit})`);
  }
  return bars.every(holds);
}

/** False for a measured value that is no number. */
function holds(bar: Bar): boolean {
  return 'atMost' in bar ? bar.measured <= bar.atMost : bar.measured >= bar.atLeast;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
