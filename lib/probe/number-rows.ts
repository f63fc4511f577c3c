/** A row of numbers: the columns lie at `from` and after it. */
export interface NumberRow {
  readonly block: Float64Array;
  readonly from: number;
}

const ROWS_IN_A_BLOCK = 128;

/**
 * A few numbers for each of many checks, side by side. A field of an object that holds a number with a fraction takes a
 * new place of memory whenever it changes, and what has changed every second for ten thousand checks is collected by
 * stopping all of them.
 */
export class NumberRows {
  readonly #columns: number;
  readonly #blocks: Float64Array[] = [];

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The row of a place, all zeros. Places are whole numbers from 0 on. */
  clear(place: number): NumberRow {
    const index = Math.floor(place / ROWS_IN_A_BLOCK);
    while (this.#blocks.length <= index) {
      this.#blocks.push(new Float64Array(this.#columns * ROWS_IN_A_BLOCK));
    }
    const from = this.#columns * (place % ROWS_IN_A_BLOCK);
    const block = this.#blocks[index];
    if (block === undefined) throw new Error(`bug: ${place} is no place`);
    block.fill(0, from, from + this.#columns);
    return { block, from };
  }
}
