import type { Expectation } from './summary.ts';

/** What came of an expectation, without its name. */
export type Finding = Pick<Expectation, 'measured' | 'holds'>;

/** Looks whether an expectation holds; an error, such as a deadline that passed, means that it does not. */
export async function check(name: string, find: () => Promise<Finding>): Promise<Expectation> {
  try {
    return { name, ...(await find()) };
  } catch (error) {
    return { name, measured: error instanceof Error ? error.message : String(error), holds: false };
  }
}
