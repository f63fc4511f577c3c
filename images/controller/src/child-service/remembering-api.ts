import { type KubernetesObject, keyOf, type Service } from '#lib/core/kubernetes.ts';
import { controllerOf } from '#lib/core/service/child-service-metadata.ts';
import { withAddressesOf } from '#lib/core/service/restored-addresses.ts';
import type { KubeApi, Resource, WriteOptions } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { SERVICES } from '#lib/kube/resources.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import type { AddressMemory } from './address-memory.ts';

/**
 * The API server tells of a deletion before it has released the addresses: it may refuse them for a moment. Who has them
 * for longer than this has them for good.
 */
const RELEASE = { attempts: 15, pauseMs: 40 } as const;

const NEVER = new AbortController().signal;

/**
 * The API, except that a Service is created with the addresses that its deleted namesake had. Where the API server
 * refuses them, because somebody else has them by now, it gets others.
 */
export function rememberingApi(api: KubeApi, memory: AddressMemory, clock: Clock): KubeApi {
  return {
    get: (...args) => api.get(...args),
    list: (...args) => api.list(...args),
    watch: (...args) => api.watch(...args),
    replace: (...args) => api.replace(...args),
    mergePatch: (...args) => api.mergePatch(...args),
    jsonPatch: (...args) => api.jsonPatch(...args),
    delete: (...args) => api.delete(...args),
    async create<T extends KubernetesObject>(resource: Resource<T>, object: T, options?: WriteOptions) {
      const restored = resource.kind === SERVICES.kind ? restoredOf(object, memory) : undefined;
      if (restored === undefined) return api.create(resource, object, options);
      for (let attempt = 1; attempt <= RELEASE.attempts; attempt += 1) {
        try {
          return await api.create(resource, restored, options);
        } catch (error) {
          if (classifyKubeError(error) !== 'invalid') throw error;
        }
        await sleep(clock, RELEASE.pauseMs, options?.signal ?? NEVER);
      }
      return api.create(resource, object, options);
    },
  };
}

function restoredOf<T extends KubernetesObject>(object: T, memory: AddressMemory): T | undefined {
  const former = memory.of(keyOf(object));
  if (former === undefined || wentWithItsOwner(former, object)) return undefined;
  const service: KubernetesObject = object;
  // The caller has seen that it is a Service, and a Service is what it stays.
  const restored: KubernetesObject | undefined = withAddressesOf(service as Service, former.spec);
  return restored as T | undefined;
}

/** A Service that was deleted with an earlier object of the name was given up, addresses and all, as any Service is. */
function wentWithItsOwner(former: Service, next: KubernetesObject): boolean {
  const owner = controllerOf(former.metadata);
  return owner !== undefined && owner.uid !== controllerOf(next.metadata)?.uid;
}
