import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Target } from '#lib/core/probe/target.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import type { OneRun } from '../../dev/workload/one-run.ts';

/** A listener on loopback and the connections that it has accepted. */
export interface LoopbackServer {
  readonly port: number;
  readonly target: Target;
  readonly sockets: readonly Socket[];
  /** All bytes received on all connections. */
  received(): Buffer;
  stop(): Promise<void>;
}

/** Serves every connection with `serve`. Errors of its sockets are ignored: clients reset them. */
export async function serve(
  serveOne: (socket: Socket, index: number) => void,
  address = '127.0.0.1',
): Promise<LoopbackServer> {
  const sockets: Socket[] = [];
  const chunks: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    serveOne(socket, sockets.length - 1);
  });
  await listen(server, address);
  const { port } = addressOf(server);
  return {
    port,
    target: targetOf(port, address),
    sockets,
    received: () => Buffer.concat(chunks),
    stop: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await close(server);
    },
  };
}

export function listen(server: Server, address = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

export function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server does not listen on TCP');
  }
  return address;
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await listen(server);
  const { port } = addressOf(server);
  await close(server);
  return port;
}

export function targetOf(port: number, address = '127.0.0.1'): Target {
  return { namespace: 'my-ns', podName: 'pod-1', podUid: 'uid-1', address, port };
}

/** A run of the real clock with this much time. */
export function aRun(timeoutMs: number): OneRun {
  return { deadlineMs: systemClock.monotonicMs() + timeoutMs, cancel: undefined };
}

/** How long the promise takes, and its value. */
export async function timed<T>(promise: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedMs = performance.now();
  const value = await promise;
  return { value, ms: performance.now() - startedMs };
}

/** Waits until the condition holds; fails after five seconds. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadlineMs) {
      throw new Error(`still not: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const STATE_TIME_WAIT = '06';

/** TCP states (`06` is TIME_WAIT) of this machine's sockets that have the port on either side, listeners left out. */
export function socketStates(port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'latin1').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local, remote, state]) => state !== '0A' && [local, remote].some((end) => end?.endsWith(`:${hex}`)),
    )
    .map(([, , , state]) => state ?? '');
}

/** How many connections with the port are in TIME_WAIT. */
export function timeWaits(port: number): number {
  return socketStates(port).filter((state) => state === STATE_TIME_WAIT).length;
}

/**
 * A stopped process whose accept queue is full: the kernel drops every further SYN in silence, as a black hole
 * does, which loopback has no other way to be.
 */
export async function aFullListener(): Promise<{ readonly target: Target; stop(): Promise<void> }> {
  const script = `
    const server = require('node:net').createServer();
    server.listen(0, '127.0.0.1', 1, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line]: unknown[] = await once(child.stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  for (const filler of fillers) {
    filler.on('error', () => {});
  }
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return {
    target: targetOf(port),
    stop: async () => {
      for (const filler of fillers) {
        filler.destroy();
      }
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
