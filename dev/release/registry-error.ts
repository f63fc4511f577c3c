/** What the registry client says, and what to do about it; the first that matches. */
const ADVICE: readonly (readonly [pattern: RegExp, problem: string, advice: string])[] = [
  [
    /UNAUTHORIZED|DENIED|\b40[13] (?:Unauthorized|Forbidden)/i,
    'access denied',
    'log in as a user who may push there: docker login HOST',
  ],
  [
    /x509:|certificate/,
    "the registry's certificate is not trusted",
    'name a file with its authority in SSL_CERT_FILE',
  ],
  [
    /dial tcp|no such host|connection refused|connection reset|i\/o timeout|deadline exceeded|unreachable|EOF/,
    'the registry cannot be reached',
    'check the host and port of --registry',
  ],
  [
    /NAME_INVALID|could not parse reference|repositories can only contain/,
    'not a repository',
    'give --registry as HOST/PATH in lower case',
  ],
];

/** One line for a person: what happened to `reference`, what to do, and the client's own last words. */
export function explainRegistryError(reference: string, stderr: string): string {
  const words =
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^Error: /, '') ?? '';
  const host = reference.split('/')[0] ?? reference;
  const found = ADVICE.find(([pattern]) => pattern.test(words));
  if (found === undefined) return `${reference}: ${words}`;
  const [, problem, advice] = found;
  return `${reference}: ${problem}: ${advice.replace('HOST', host)} (${words})`;
}
