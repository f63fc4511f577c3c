import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import type { Probe, ProbeKind } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { START } from '#lib/core/probe/verdict.ts';
import type { ProbeRequest } from '#lib/probe/probe-assignment.ts';
import { ProbePool } from '#lib/probe/probe-pool.ts';
import { createProbers, type Probers } from '#lib/probe/probers/registry.ts';
import { RunStallWitness } from '#lib/probe/run-stall-witness.ts';
import { Sentinels } from '#lib/probe/sentinel.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { notedProber } from '../noted-prober.ts';
import { TLS_SECRET } from './postgresql-servers.ts';

/** Probers put together as the agent does it, with the credentials that the corpus names. */
export function hostileProbers(onSessionEnd: (target: Target) => void = () => {}): Probers {
  return createProbers({
    clock: systemClock,
    credentials: (_namespace, name) => ({
      user: 'probe',
      password: 'the-password',
      tlsMode: name === TLS_SECRET ? 'SkipVerification' : 'Disabled',
      version: '1',
    }),
    clientCertificates: () => ({ missing: 'there is none' }),
    onSessionEnd,
    version: 'test',
  });
}

/** How late a regular run began, and how a run ended. */
export interface RunLog {
  started(id: string, lateMs: number): void;
  finished(id: string, outcome: ProbeOutcome): void;
}

/** A pool of real probers that tells about each run by the name of its pod. */
export function loggedPool(log: RunLog): { readonly pool: ProbePool; stop(): Promise<void> } {
  const probers = hostileProbers((target) => pool.probeNow(({ target: other }) => other === target));
  const sentinels = new Sentinels({ clock: systemClock, onEnd: () => {} });
  const prober = notedProber(probers.run, ({ podName }, outcome) => log.finished(podName, outcome));
  let startedLateMs = 0;
  const pool: ProbePool = new ProbePool({
    clock: systemClock,
    prober: (probe, target, deadlineMs) => {
      log.started(target.podName, startedLateMs);
      return prober(probe, target, deadlineMs);
    },
    stalls: new RunStallWitness(systemClock),
    // Told right before the prober is called, in the same turn.
    observer: { started: (_kind: ProbeKind, lateMs: number) => (startedLateMs = lateMs), finished: () => {} },
    sentinels,
    release: ({ target }) => probers.forget(target),
    onChange: () => {},
  });
  return {
    pool,
    stop: async () => {
      pool.stop();
      sentinels.stop();
      await probers.stop();
    },
  };
}

/** The probe of a pod of that name on a port of loopback. */
export function requestOf(id: string, port: number, probe: Probe, periodMs: number): ProbeRequest {
  return {
    id,
    assignment: {
      target: { namespace: 'default', podName: id, podUid: `uid of ${id}`, address: '127.0.0.1', port },
      probe,
      timing: { initialDelayMs: 0, periodMs, sentinel: false },
    },
    start: { firstRun: 'unknown', state: START },
  };
}

/** Counts what this process's connections have received since the last call. */
export function receivedBytes(): () => number {
  let sockets: Socket[] = [];
  subscribe('net.client.socket', (message) => {
    if (
      typeof message === 'object' &&
      message !== null &&
      'socket' in message &&
      message.socket instanceof Socket
    ) {
      sockets.push(message.socket);
    }
  });
  return () => {
    const sum = sockets.reduce((total, socket) => total + socket.bytesRead, 0);
    sockets = [];
    return sum;
  };
}
