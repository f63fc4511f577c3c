import { connect, type Socket } from 'node:net';
import type { Target } from '#lib/core/probe/target.ts';
import { mayBeLocalPort } from '#lib/probe/local-ports.ts';

/** What the dialled connection tells. At most one of `onConnect` and `onError` comes first. */
export interface DialEvents {
  onConnect(socket: Socket): void;
  /** The connection failed or broke; may come after `onConnect`. */
  onError(error: Error): void;
}

/**
 * Starts a connection to the target's address and returns the socket, to be ended with `endWithReset`. Whoever sends
 * more than one piece before an answer should switch Nagle's algorithm off.
 */
export function dial(target: Target, events: DialEvents): Socket {
  const { address: host, port } = target;
  const socket = connect({ host, port });
  socket.on('error', events.onError);
  socket.once('connect', () => {
    if (isConnectedToItself(socket, target)) {
      events.onError(Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' }));
      return;
    }
    events.onConnect(socket);
  });
  return socket;
}

/**
 * Ends the connection without TIME_WAIT, so that frequent probes never use up the local ports. A connection that
 * does not stand yet is dropped: a reset would wait for it to stand.
 */
export function endWithReset(socket: Socket): void {
  if (socket.connecting) {
    socket.destroy();
    return;
  }
  socket.resetAndDestroy();
}

/**
 * On one host the kernel may pick the dialled port as the local one; a closed port then accepts its own
 * connection (simultaneous open, RFC 9293 §3.5).
 */
function isConnectedToItself(socket: Socket, target: Target): boolean {
  // Asking the kernel for the local port costs as much as setting an option.
  return (
    mayBeLocalPort(target.port) &&
    socket.localPort === target.port &&
    socket.localAddress === socket.remoteAddress
  );
}
