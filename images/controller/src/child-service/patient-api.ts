import { isRecord } from '#lib/core/json.ts';
import type { ObjectRef, ServicePort } from '#lib/core/kubernetes.ts';
import { missingAfterRename, renamedPorts } from '#lib/core/service/renamed-ports.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { SERVICES } from '#lib/kube/resources.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import { getIfThere, listSlices } from '../changing-hands/service-feeds.ts';

export interface PatientApiDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An agent that is silent for so long does not answer; the Service cannot wait for ever. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 50;

/** Slices and Services come to consumers by different ways: the Service gets its new names so much later. */
const HEAD_START_MS = 250;

const NEVER = new AbortController().signal;

/**
 * The API, except that a Service whose ports get other names waits until the agents have published endpoints under these:
 * consumers match both by name, and would find none.
 */
export function patientApi({ api, clock, logger }: PatientApiDeps): KubeApi {
  async function waitForNames(ref: ObjectRef, body: unknown, signal: AbortSignal): Promise<void> {
    const ports = portsIn(body);
    const current = ports === undefined ? undefined : await getIfThere(api, SERVICES, ref, signal);
    const renamed = renamedPorts(current?.spec.ports ?? [], ports ?? []);
    if (renamed.length === 0) return;
    const untilMs = clock.monotonicMs() + PATIENCE_MS;
    let missing: readonly string[] = [];
    while (clock.monotonicMs() < untilMs) {
      missing = missingAfterRename(renamed, await listSlices(api, ref, signal));
      if (missing.length === 0) {
        await sleep(clock, HEAD_START_MS, signal);
        return;
      }
      await sleep(clock, LOOK_MS, signal);
    }
    const key = `${ref.namespace}/${ref.name}`;
    logger.warn('ports get other names although endpoints lack them', {
      key,
      pods: missing.slice(0, 5).join(', '),
    });
  }

  return {
    get: (...args) => api.get(...args),
    list: (...args) => api.list(...args),
    watch: (...args) => api.watch(...args),
    create: (...args) => api.create(...args),
    replace: (...args) => api.replace(...args),
    jsonPatch: (...args) => api.jsonPatch(...args),
    delete: (...args) => api.delete(...args),
    async mergePatch(resource, ref, body, options) {
      if (isOfServices(resource)) await waitForNames(ref, body, options?.signal ?? NEVER);
      return api.mergePatch(resource, ref, body, options);
    },
  };
}

function isOfServices({ kind }: { readonly kind: string }): boolean {
  return kind === SERVICES.kind;
}

/** The ports that a merge patch of a Service sets. */
function portsIn(body: unknown): readonly ServicePort[] | undefined {
  const spec = isRecord(body) ? body['spec'] : undefined;
  const ports = isRecord(spec) ? spec['ports'] : undefined;
  // Patches of Services are made from typed ones.
  return Array.isArray(ports) ? (ports as readonly ServicePort[]) : undefined;
}
