/** The form in which Kubernetes writes times: RFC 3339 in UTC with whole seconds. */
export function timestamp(date: Date): string {
  const seconds = Math.floor(date.getTime() / 1000);
  // Thousands of verdicts change in one second, and each remembers when: they share one text.
  if (seconds !== last.seconds) last = { seconds, text: `${date.toISOString().slice(0, 19)}Z` };
  return last.text;
}

let last = { seconds: Number.NaN, text: '' };
