/** The part of a line of the audit log that is looked at. */
interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

/** What users whose names begin so were refused for want of rights, each once, in words. Throws when they asked nothing. */
export function refusedRequests(log: string, users: string): readonly string[] {
  const lines = log
    .split('\n')
    .filter((line) => line !== '')
    // The API server has written it.
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ user }) => user.username.startsWith(users));
  if (lines.length === 0) throw new Error(`the audit log holds no request of ${users}`);
  const refused = lines.filter(({ responseStatus }) => [401, 403].includes(responseStatus?.code ?? 0));
  return [
    ...new Set(
      refused.map(({ verb, requestURI, user, responseStatus }) =>
        [user.username, verb, requestURI, responseStatus?.message].join(' '),
      ),
    ),
  ];
}
