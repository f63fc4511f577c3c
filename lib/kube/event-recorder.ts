import { type KubernetesEvent, type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { KubeApi } from './kube-api.ts';
import { classifyKubeError } from './kube-error.ts';
import { microTime } from './micro-time.ts';
import { EVENTS } from './resources.ts';

/** What happened, in the words of events.k8s.io/v1. */
export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** One word for programs. */
  readonly reason: string;
  /** What was being done. */
  readonly action: string;
  /** One sentence for people. No secrets. */
  readonly note: string;
}

export interface EventRecorderDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `reportingController`: a qualified name. */
  readonly controller: string;
  /** `reportingInstance`: the pod. */
  readonly instance: string;
}

/** Writes Events about objects, which must carry apiVersion, kind and uid. Never blocks and never throws: a lost event is a line in the log. */
export interface EventRecorder {
  record(object: KubernetesObject, event: RecordedEvent): void;
}

/** The same sentence about the same object is not repeated for this long. */
const REPEAT_AFTER_MS = 10 * 60_000;
/** Bounds the memory of what was said. */
const REMEMBERED = 2_000;
/** Events of all objects: so many at once, then one a second. client-go allows 25 an object. */
const BURST = 50;
const REFILL_MS = 1_000;
/** The API server's limit for `note`. */
const MAX_NOTE = 1_024;
/** Leaves room for the suffix in a name of 253 characters. */
const MAX_NAME_PREFIX = 220;

export function createEventRecorder(deps: EventRecorderDeps): EventRecorder {
  const { api, clock, logger } = deps;
  const said = new RecentlySaid(clock);
  const bucket = new TokenBucket(clock);
  let sequence = 0;
  return {
    record(object, event) {
      if (said.isRepetition(`${object.metadata.uid}\n${event.reason}\n${event.note}`)) return;
      const subject = { object: keyOf(object), reason: event.reason };
      if (!bucket.take()) {
        logger.debug('event dropped', subject);
        return;
      }
      const suffix = `${clock.now().getTime().toString(16)}${(sequence++ % 4096).toString(16).padStart(3, '0')}`;
      const written = api.create(EVENTS, eventObject(deps, object, event, suffix));
      written.catch((error: unknown) => {
        // Nobody misses an Event of a namespace that is going.
        const level = classifyKubeError(error) === 'gone' ? 'debug' : 'warn';
        logger[level]('event not written', { ...subject, error: String(error) });
      });
    },
  };
}

function eventObject(
  { clock, controller, instance }: EventRecorderDeps,
  { apiVersion = '', kind = '', metadata }: KubernetesObject,
  { type, reason, action, note }: RecordedEvent,
  suffix: string,
): KubernetesEvent {
  // Events about objects without a namespace live in this one.
  const { name, namespace = 'default', uid = '' } = metadata;
  return {
    metadata: { namespace, name: `${name.slice(0, MAX_NAME_PREFIX)}.${suffix}` },
    eventTime: microTime(clock.now()),
    reportingController: controller,
    reportingInstance: instance,
    type,
    reason,
    action,
    note: note.slice(0, MAX_NOTE),
    regarding: { apiVersion, kind, namespace, name, uid },
  };
}

class RecentlySaid {
  readonly #clock: Clock;
  /** When each sentence was said, the oldest first. */
  readonly #saidMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isRepetition(sentence: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [old, atMs] of this.#saidMs) {
      if (nowMs - atMs < REPEAT_AFTER_MS && this.#saidMs.size <= REMEMBERED) break;
      this.#saidMs.delete(old);
    }
    if (this.#saidMs.has(sentence)) return true;
    this.#saidMs.set(sentence, nowMs);
    return false;
  }
}

class TokenBucket {
  readonly #clock: Clock;
  #tokens = BURST;
  #filledMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledMs = clock.monotonicMs();
  }

  take(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(BURST, this.#tokens + (nowMs - this.#filledMs) / REFILL_MS);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
