import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { HAND_OVER_ORDER, HAND_OVER_ORDER_FINALIZER } from '#lib/core/service/hand-over-order.ts';
import { Informer, type InformerDeps } from '#lib/kube/informer.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { CONFIG_MAPS } from '#lib/kube/resources.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import { type HandOverAllOptions, handOverAll } from './hand-over-all.ts';
import { KEEP_OFF_SECONDS } from './keep-controllers-off.ts';

/** The order to give every Service back, which comes when the module is being removed. */
export interface HandOverOrder {
  /** Looks out for the order until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>;
  /** Aborts when the order has come; then nothing may lead any more. */
  readonly given: AbortSignal;
  /**
   * Carries out the order, and every further one, until the signal aborts or the time is over in which no controller may
   * lead: then the module was not removed after all, and the process is to be started again.
   */
  obey(signal: AbortSignal): Promise<void>;
}

const LOOK_AGAIN_MS = 500;

/** `namespace`: that of the module. Every replica obeys: which of them leads does not matter any more. */
export function createHandOverOrder(
  deps: InformerDeps,
  namespace: string,
  options: HandOverAllOptions,
): HandOverOrder {
  const given = new AbortController();
  const ref = { namespace, name: HAND_OVER_ORDER };
  const scope = { namespace, fieldSelector: `metadata.name=${HAND_OVER_ORDER}` };
  const informer = new Informer<KubernetesObject>(deps, { resource: CONFIG_MAPS, scope });
  const waiting = () => informer.all().find(isOrder);
  informer.onChange(({ current }) => {
    if (current !== undefined && isOrder(current)) given.abort();
  });

  async function carryOut(signal: AbortSignal): Promise<void> {
    try {
      deps.logger.info('handed over', await handOverAll(deps, options, signal));
      const finalizers = (waiting()?.metadata.finalizers ?? []).filter(
        (one) => one !== HAND_OVER_ORDER_FINALIZER,
      );
      await deps.api.mergePatch(CONFIG_MAPS, ref, { metadata: { finalizers } }, { signal });
    } catch (error) {
      // Another replica was faster; or the API server is away for a moment, and the order still stands.
      if (classifyKubeError(error) === 'not-found' || signal.aborted) return;
      deps.logger.warn('hand-over failed', { error: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    given: given.signal,
    follow: (signal) => informer.run(signal),
    async obey(signal) {
      const { clock } = deps;
      let untilMs = clock.monotonicMs() + KEEP_OFF_SECONDS * 1000;
      while (!signal.aborted && clock.monotonicMs() < untilMs) {
        if (waiting() !== undefined) {
          await carryOut(signal);
          untilMs = clock.monotonicMs() + KEEP_OFF_SECONDS * 1000;
        }
        await sleep(clock, LOOK_AGAIN_MS, signal);
      }
    },
  };
}

function isOrder({ metadata: { finalizers = [] } }: KubernetesObject): boolean {
  return finalizers.includes(HAND_OVER_ORDER_FINALIZER);
}
