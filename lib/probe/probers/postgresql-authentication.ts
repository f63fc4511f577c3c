import type { TlsMode } from '#lib/probe/credentials.ts';

/** How a server may ask for the password. */
export type PasswordMethod = 'scram' | 'md5' | 'cleartext';

/** The connection on which the server asks. */
export type Transport = 'plain' | 'tls';

/**
 * Whether the password may be given so. In the clear it goes only through TLS that the Secret names itself; without
 * a `tlsMode` the peer is unproven, so a server that asks for more than a proof gets nothing. MD5 counts as a
 * weak proof: it can be replayed against the stored hash, hence not over a plain connection nobody chose.
 */
export function mayGivePassword(
  method: PasswordMethod,
  tlsMode: TlsMode | undefined,
  transport: Transport,
): boolean {
  switch (method) {
    case 'scram':
      return true;
    case 'md5':
      return transport === 'tls' || tlsMode === 'Disabled';
    case 'cleartext':
      return transport === 'tls' && tlsMode !== undefined;
  }
}

/** What a user reads when the password was not given. */
export function refusalMessage(method: PasswordMethod, transport: Transport, port: number): string {
  const asked = method === 'cleartext' ? 'in clear text' : 'as an MD5 hash';
  const where = transport === 'plain' ? 'over a connection without TLS' : 'over TLS that is not verified';
  const advice =
    method === 'md5' || transport === 'tls' ? 'set tlsMode in the Secret' : 'enable TLS or SCRAM';
  return `${port} asks for the password ${asked} ${where}: refused, ${advice}`;
}
