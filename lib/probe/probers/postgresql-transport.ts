import type { Socket } from 'node:net';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { connectErrorOutcome } from '#lib/probe/connect-error.ts';
import { dial } from '#lib/probe/dial.ts';
import type { Transport } from '#lib/probe/probers/postgresql-authentication.ts';
import { startTls, type TlsSettings, tlsErrorOutcome } from '#lib/probe/tls-handshake.ts';

/** Whether TLS is asked for, and what a server without it means. */
export type PostgresqlTls =
  | { readonly use: 'never' }
  | { readonly use: 'ifOffered' | 'always'; readonly settings: TlsSettings };

/** Exactly one of them is called, once. */
export interface TransportEvents {
  /** The connection is ready for the startup message. `stream` is the TLS socket or the dialled one. */
  onReady(stream: Socket, transport: Transport): void;
  onFailed(outcome: ProbeOutcome): void;
}

/** Length 8, request code 80877103: PostgreSQL protocol, "SSLRequest". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

const YES = 'S';
const NO = 'N';

/** Dials a PostgreSQL server and negotiates TLS. Returns the dialled socket, to be ended with `endWithReset`. */
export function dialPostgresql(target: Target, tls: PostgresqlTls, events: TransportEvents): Socket {
  const { onReady, onFailed } = onlyFirst(events);
  const socket = dial(target, {
    onConnect: (connected) => {
      connected.setNoDelay(true);
      if (tls.use === 'never') {
        onReady(connected, 'plain');
        return;
      }
      connected.once('data', (reply: Buffer) => proceed(reply.toString('latin1')));
      connected.write(SSL_REQUEST);
    },
    onError: (error) => onFailed(connectErrorOutcome(error, target)),
  });
  socket.once('close', () =>
    onFailed(failure('ConnectionClosed', `${target.port} closed the connection without an answer`)),
  );

  const proceed = (reply: string): void => {
    // More than one byte would be plain text that a third party slipped in before the handshake.
    if (tls.use !== 'never' && reply === YES) {
      const { settings } = tls;
      const secured = startTls(socket, settings, () => onReady(secured, 'tls'));
      secured.on('error', (error) => onFailed(tlsErrorOutcome(error, target, settings.serverName)));
    } else if (tls.use === 'ifOffered' && reply === NO) {
      onReady(socket, 'plain');
    } else if (reply === NO) {
      onFailed(failure('TlsFailed', `TLS to ${target.port} failed: the server does not offer it`));
    } else {
      onFailed(failure('ProtocolError', `${target.port} does not speak the PostgreSQL protocol`));
    }
  };
  return socket;
}

function onlyFirst(events: TransportEvents): TransportEvents {
  let isDone = false;
  const first = (call: () => void): void => {
    if (!isDone) {
      isDone = true;
      call();
    }
  };
  return {
    onReady: (stream, transport) => first(() => events.onReady(stream, transport)),
    onFailed: (outcome) => first(() => events.onFailed(outcome)),
  };
}
