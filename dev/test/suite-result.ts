/** What one suite came to. Failures and skipped tests say in which file; each counts as one. */
export interface SuiteResult {
  readonly passed: number;
  /** Failed tests, set-ups and files that did not load: where on the first line, then why. */
  readonly failures: readonly string[];
  readonly skippedTests: readonly string[];
}
