import type { Clock } from '#lib/runtime/clock.ts';
import { KubeApiError } from './kube-error.ts';

/**
 * Ends a request that takes too long or whose caller gave up: its signal aborts with the `KubeApiError` to
 * throw. Must be released, or a signal that lives as long as the program collects listeners.
 */
export class RequestGuard {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #what: string;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort: () => void;
  #cancel: () => void = () => {};

  constructor(clock: Clock, what: string, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#what = what;
    this.#caller = caller;
    this.#onCallerAbort = () => this.#abort('Aborted', 'aborted');
    if (caller?.aborted === true) this.#onCallerAbort();
    else caller?.addEventListener('abort', this.#onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** (Re)starts the countdown. */
  allow(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.schedule(ms, () => this.#abort('Timeout', `no answer within ${ms} ms`));
  }

  release(): void {
    this.#cancel();
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }

  #abort(reason: string, text: string): void {
    this.#controller.abort(new KubeApiError(`${this.#what}: ${text}`, { status: 0, reason }));
  }
}
