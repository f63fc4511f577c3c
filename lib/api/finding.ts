import type { Violation } from '#lib/core/service-with-healthchecks.ts';

/**
 * What is wrong with an object. `error`: it cannot be acted on; `warning`: it is acted on, though not quite as
 * written, because objects of older versions of the resource definition must go on working.
 */
export interface Finding extends Violation {
  readonly severity: 'error' | 'warning';
}

/** The object cannot be acted on; the message says what to write instead. */
export function error(path: string, message: string): Finding {
  return { severity: 'error', path, message };
}

/** The object is acted on; the message says how it was understood. */
export function warning(path: string, message: string): Finding {
  return { severity: 'warning', path, message };
}

/** The findings of one severity as they are shown to the user. */
export function violationsOf(
  findings: readonly Finding[],
  severity: Finding['severity'],
): readonly Violation[] {
  return findings
    .filter((finding) => finding.severity === severity)
    .map(({ path, message }) => ({ path, message }));
}
