import { failure, type ProbeOutcome, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** The system's code of an error (`ECONNREFUSED`), or `''`. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * What an error of a TCP socket says: a failure when the target or the path to it is the cause, unknown when this
 * side could not even try. The one place that looks at system error codes.
 */
export function connectErrorOutcome(error: unknown, { address, port }: Target): ProbeOutcome {
  const code = errorCode(error);
  switch (code) {
    case 'ECONNREFUSED':
      return failure('ConnectionRefused', `connection refused on ${port}`);
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return failure('ConnectionClosed', `${port} reset the connection`);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
      return failure('Unreachable', `${address} is unreachable`);
    case 'ETIMEDOUT':
      return failure('Timeout', `no answer from ${port}`);
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
      return unknown('NoDescriptors', `no descriptor or memory left for a socket (${code})`);
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return unknown('NoLocalPorts', `no local address or port left to reach ${address} (${code})`);
    case 'EACCES':
    case 'EPERM':
      // Only this node's own firewall or route table answers so; a remote one makes EHOSTUNREACH.
      return unknown('Internal', `this node forbids connections to ${address} (${code})`);
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return unknown('InvalidSettings', `this node cannot dial ${address} (${code})`);
    default:
      return unknown('Internal', `connection to ${port} failed: ${code || 'no error code'}`);
  }
}
