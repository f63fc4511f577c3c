import type { Socket } from 'node:net';
import type { Probe } from '#lib/core/probe/probe.ts';
import type { FailureReason } from '#lib/core/probe/probe-outcome.ts';

/** A server that does what no server should, and what a probe of it must find out. */
export interface HostileServer {
  /** Unique, a few words. */
  readonly name: string;
  /** Part of the corpus that it belongs to. */
  readonly protocol: 'tcp' | 'http' | 'tls' | 'http2' | 'grpc' | 'postgresql';
  readonly probe: Probe;
  /** Serves one connection. Errors of the socket are nobody's business: probes reset it. */
  serve(socket: Socket): void;
  /** The reason of the failure; several where it depends on which packet comes first. */
  readonly want: readonly FailureReason[];
}

/** Deadline of every probe of the corpus. */
export const HOSTILE_TIMEOUT_MS = 300;

/** What all probes of the corpus have in common. */
export const COMMON = {
  port: 1,
  timeoutMs: HOSTILE_TIMEOUT_MS,
  successThreshold: 1,
  failureThreshold: 1,
} as const;

const FLOOD_BYTES = 64 * 1024;

/** Sends the bytes again and again, as fast as the peer takes them. */
export function flood(socket: Socket, piece: Buffer | string): void {
  const bytes = Buffer.from(piece);
  const block = Buffer.concat(
    Array.from({ length: Math.max(1, Math.floor(FLOOD_BYTES / bytes.length)) }, () => bytes),
  );
  const more = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

/** Sends the piece every 50 ms: slow enough that no probe gets what it waits for in time. */
export function drip(socket: Socket, piece: Buffer | string): void {
  const timer = setInterval(() => {
    if (socket.writable) socket.write(piece);
  }, 50);
  socket.once('close', () => clearInterval(timer));
}

/** Calls back once the peer has sent something; reads and drops whatever it sends. */
export function onceAsked(socket: Socket, answer: (socket: Socket) => void): void {
  socket.once('data', () => answer(socket));
  socket.resume();
}

/** Answers the first bytes of the peer. */
export function answering(answer: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => onceAsked(socket, answer);
}

/** Answers each piece that the peer sends with the next answer. */
export function inTurn(...answers: readonly (Buffer | string | ((socket: Socket) => void))[]) {
  return (socket: Socket): void => {
    const left = [...answers];
    socket.on('data', () => {
      const answer = left.shift();
      if (typeof answer === 'function') answer(socket);
      else if (answer !== undefined) socket.write(answer);
    });
  };
}

/** Reads what comes and says nothing. */
export function stayingSilent(socket: Socket): void {
  socket.resume();
}
