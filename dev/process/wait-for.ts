import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait and how often to look, in milliseconds. */
export interface WaitOptions {
  /** Default 30 s. */
  readonly deadlineMs?: number;
  /** Pause between two probes; default 50 ms. */
  readonly intervalMs?: number;
}

/** Thrown by a probe of `waitFor` when waiting longer cannot help; ends the wait at once. */
export class GiveUpError extends Error {
  readonly code = 'GIVE_UP';
}

/**
 * Probes until the answer is not `undefined` and returns it. A probe that throws counts as "not yet", except
 * with `GiveUpError`. When the deadline passes, throws one line that names `what` and the last failure.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  { deadlineMs = 30_000, intervalMs = 50 }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let lastFailure: unknown;
  do {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
      lastFailure = undefined;
    } catch (error) {
      if (error instanceof GiveUpError) throw error;
      lastFailure = error;
    }
    await sleep(intervalMs);
  } while (performance.now() < end);
  const because = lastFailure === undefined ? '' : `; last failure: ${messageOf(lastFailure)}`;
  throw new Error(`waited ${deadlineMs} ms in vain for ${what}${because}`, { cause: lastFailure });
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}
