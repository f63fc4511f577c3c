import type { Teller } from './display.ts';
import type { Expectation } from './summary.ts';

/** What came of an expectation, without its name. */
export type Finding = Pick<Expectation, 'measured' | 'holds'>;

/** Looks whether an expectation holds; an error, such as a deadline that passed, means that it does not. */
export async function check(
  { say }: Teller,
  name: string,
  find: () => Promise<Finding>,
): Promise<Expectation> {
  const finding = await find().catch((error: unknown) => {
    return { measured: error instanceof Error ? error.message : String(error), holds: false };
  });
  say(`${finding.holds ? 'pass' : 'FAIL'}: ${name}: ${finding.measured}`);
  return { name, ...finding };
}
