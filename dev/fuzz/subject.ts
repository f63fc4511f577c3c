import { cut, type Material, mutated, type Random } from './mutator.ts';

/** A reader of what a target sends. */
export interface Subject {
  readonly name: string;
  readonly material: Material;
  /**
   * What the reader makes of the pieces, as a text that is equal for equal results. Throws for a result that breaks
   * a promise of the reader: no outcome, or one beyond its bounds.
   */
  read(pieces: readonly Buffer[]): string | Promise<string>;
}

/** An input that the reader does not stand. */
export interface Finding {
  readonly subject: string;
  readonly what: string;
  /** The input, in base64. */
  readonly input: string;
}

/** The hash of a password may be ready before the connection ends or after it; how bytes are cut shows each time. */
const ATTEMPTS = 5;

/** Reads one input at once and in pieces: both must end, and in the same way. */
export async function fuzzOnce(subject: Subject, random: Random): Promise<Finding | undefined> {
  const input = mutated(random, subject.material);
  const finding = (what: string): Finding => ({
    subject: subject.name,
    what,
    input: input.toString('base64'),
  });
  const pieces = cut(random, input);
  try {
    let difference = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const whole = await subject.read([input]);
      const inPieces = await subject.read(pieces);
      if (whole === inPieces) return undefined;
      difference = `at once: ${whole}; in pieces: ${inPieces}`;
    }
    return finding(difference);
  } catch (error) {
    return finding(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Throws unless the promise of a reader holds. */
export function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
