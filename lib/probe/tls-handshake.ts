import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';

/** How much of the server's certificate must hold. */
export type Verification = 'none' | 'chain' | 'chainAndName';

export interface TlsSettings {
  readonly context: SecureContext;
  readonly verification: Verification;
  /** Sent as server name unless it is an address, and compared with the certificate. */
  readonly serverName: string;
  /** Offered to the server (ALPN), by preference; absent: nothing is said. */
  readonly protocols?: readonly string[];
}

/** Starts a handshake on a connection that stands. Errors come as `error` events of the returned socket. */
export function startTls(socket: Socket, settings: TlsSettings, onSecure: () => void): TLSSocket {
  const { context, verification, serverName, protocols } = settings;
  socket.setNoDelay(true);
  const secured = connect({
    socket,
    host: serverName,
    // RFC 6066 §3 forbids addresses as server names.
    ...(isIP(serverName) === 0 && { servername: serverName }),
    secureContext: context,
    rejectUnauthorized: verification !== 'none',
    ...(protocols !== undefined && { ALPNProtocols: [...protocols] }),
    ...(verification === 'chain' && { checkServerIdentity: acceptAnyName }),
  });
  secured.once('secureConnect', onSecure);
  return secured;
}

/**
 * What an error of a TLS socket says about the target: a failed handshake, or what became of the connection
 * below it. Texts are ours or OpenSSL's constants; what the server wrote into its certificate is never repeated.
 */
export function tlsErrorOutcome(error: unknown, target: Target, serverName: string): ProbeOutcome {
  const code = errorCode(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return tlsFailure(target, `the certificate is not valid for ${serverName}`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return failure('ConnectionClosed', `${target.port} closed the connection during the TLS handshake`);
  }
  if (NOT_TLS.has(code)) {
    return tlsFailure(target, 'the server does not speak TLS');
  }
  const reason = VERIFY_ERRORS.get(code) ?? openSslReason(error);
  return reason === undefined ? connectErrorOutcome(error, target) : tlsFailure(target, reason);
}

function tlsFailure({ port }: Target, reason: string): ProbeOutcome {
  return failure('TlsFailed', `TLS to ${port} failed: ${reason}`);
}

const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_RECORD_LAYER_FAILURE',
]);

/** OpenSSL's codes of a certificate that does not verify. */
const VERIFY_ERRORS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate is signed by an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'certificate is signed by an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate is signed by an unknown authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate is signed by an unknown authority'],
  ['CERT_SIGNATURE_FAILURE', 'certificate has a wrong signature'],
  ['CERT_UNTRUSTED', 'certificate is not trusted'],
  ['CERT_REVOKED', 'certificate has been revoked'],
  ['INVALID_PURPOSE', 'certificate is not one for servers'],
  ['INVALID_CA', 'certificate is signed by one that is no authority'],
  ['CERT_CHAIN_TOO_LONG', 'certificate chain is too long'],
]);

/** The reason of an OpenSSL error, such as `tlsv1 alert protocol version`. */
function openSslReason(error: unknown): string | undefined {
  if (!errorCode(error).startsWith('ERR_SSL_') && errorCode(error) !== 'EPROTO') {
    return undefined;
  }
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  return typeof reason === 'string' && /^[\w /-]+$/.test(reason) ? reason : 'protocol error';
}

function acceptAnyName(_host: string, _certificate: PeerCertificate): undefined {
  return undefined;
}
