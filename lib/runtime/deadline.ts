import type { Clock } from './clock.ts';

/**
 * Runs the work with a signal that aborts after `ms` or with the given signal, whichever is first. Unlike
 * `AbortSignal.any` it leaves nothing behind at a signal that lives as long as the program.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const abort = () => limit.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const cancel = clock.schedule(ms, () => limit.abort(new Error(`not done within ${Math.round(ms)} ms`)));
  try {
    return await work(limit.signal);
  } finally {
    cancel();
    signal?.removeEventListener('abort', abort);
  }
}
