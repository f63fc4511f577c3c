import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';

/** The first column of the first row in text form: `null` for SQL null, absent when there is no row or column. */
export type FirstValue = string | null | undefined;

/** What the custom resource promises to take for true, in lower case. */
const TRUE_TEXTS: ReadonlySet<string> = new Set(['t', 'true', 'y', 'yes', '1']);

/** Judges the answer of a query. The value itself is never repeated. */
export function answerOutcome(value: FirstValue): ProbeOutcome {
  if (value === undefined) {
    return failure('UnexpectedAnswer', 'query returned no row');
  }
  if (value === null) {
    return failure('UnexpectedAnswer', 'query returned null');
  }
  const text = value.trim().toLowerCase();
  if (TRUE_TEXTS.has(text)) {
    return SUCCESS;
  }
  return ['f', 'false'].includes(text)
    ? failure('UnexpectedAnswer', 'query returned false')
    : failure('UnexpectedAnswer', 'query returned a value other than true');
}
