import { assertNever } from '#lib/core/assert-never.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { WorkQueue } from './work-queue.ts';

/** How the reconcile of one key ended, and with it when the key comes again. */
export type ReconcileResult =
  /** When something happens to it. */
  | { readonly kind: 'done' }
  | { readonly kind: 'requeueAfter'; readonly ms: number }
  /** After a wait that grows with each failure in a row. */
  | { readonly kind: 'retry'; readonly error: unknown }
  /** Not before something happens to it: trying again cannot help. */
  | { readonly kind: 'terminal'; readonly error: unknown };

export const DONE: ReconcileResult = { kind: 'done' };

export interface ReconcileLoopDeps {
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys worked on at once. */
  readonly workers: number;
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  /** What a thrown error means. */
  resultOf(error: unknown): ReconcileResult;
  /**
   * For a program that has more urgent work than this: resolves when that has had its turn. Awaited before each
   * reconcile; and a key then rests for a while after its own, in which whatever happens to it is collected.
   */
  readonly giveWay?: () => Promise<void>;
  /** For metrics. Must not throw. */
  observe?(kind: ReconcileResult['kind'], durationMs: number): void;
}

/** Works on the keys of the queue until the signal aborts and the work under way has ended. Never rejects. */
export async function runReconcileLoop(deps: ReconcileLoopDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: deps.workers }, () => work(deps, signal)));
  deps.queue.close();
}

async function work(deps: ReconcileLoopDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    const key = await deps.queue.take(signal);
    if (key === undefined) return;
    await deps.giveWay?.();
    const startMs = deps.clock.monotonicMs();
    const result = await deps.reconcile(key, signal).catch((error: unknown) => deps.resultOf(error));
    const durationMs = deps.clock.monotonicMs() - startMs;
    deps.observe?.(result.kind, durationMs);
    // What ends because the program ends is not a failure.
    if (!signal.aborted) follow(deps, key, result);
    deps.queue.done(key, deps.giveWay === undefined ? 0 : restAfter(durationMs));
  }
}

/** So a key that changes all the time is worked on for a fifth of the time. */
const REST_FACTOR = 4;
/** A reconcile that took long has waited for the API server, and others can work meanwhile. */
const LONGEST_REST_MS = 100;

function restAfter(durationMs: number): number {
  return Math.min(LONGEST_REST_MS, REST_FACTOR * durationMs);
}

function follow({ queue, logger }: ReconcileLoopDeps, key: string, result: ReconcileResult): void {
  switch (result.kind) {
    case 'done':
      queue.forgetFailures(key);
      return;
    case 'requeueAfter':
      queue.forgetFailures(key);
      queue.addAfter(key, result.ms);
      return;
    case 'retry': {
      const { failures, delayMs } = queue.addAfterFailure(key);
      const fields = { key, failures, retryInMs: Math.round(delayMs), error: String(result.error) };
      // Conflicts and short breaks are over at the second try; what is not may need somebody.
      if (failures === 1) logger.debug('reconcile to be repeated', fields);
      else logger.warn('reconcile failed', fields);
      return;
    }
    case 'terminal':
      queue.forgetFailures(key);
      logger.error('reconcile given up', { key, error: stackOf(result.error) });
      return;
    default:
      assertNever(result, 'reconcile result');
  }
}

/** What is given up is often a bug, and then the place counts. */
function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : String(error);
}
