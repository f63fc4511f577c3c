import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { KubeApi, Resource } from '#lib/kube/kube-api.ts';
import { classifyKubeError, type KubeErrorKind } from '#lib/kube/kube-error.ts';
import { ENDPOINT_SLICES } from '#lib/kube/resources.ts';

export type SliceOperation = 'create' | 'update' | 'delete';
/** A conflict is no failure: somebody else was faster, and the next plan knows. */
export type WriteOutcome = 'written' | 'conflict' | 'failed';

export interface ApiObserver {
  /** A request failed. */
  apiError(kind: KubeErrorKind): void;
  /** A write of a slice was answered. */
  sliceWrite(operation: SliceOperation, outcome: WriteOutcome): void;
}

/** The same API; tells the observer about writes of slices and about failures, except of what was called off. */
export function observedApi(api: KubeApi, observer: ApiObserver): KubeApi {
  const observe = async <T>(request: Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      return await request;
    } catch (error) {
      if (signal?.aborted !== true) observer.apiError(classifyKubeError(error));
      throw error;
    }
  };
  const observeWrite = async <T>(
    operation: SliceOperation,
    resource: Resource<KubernetesObject>,
    request: Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const note = (outcome: WriteOutcome): void => {
      if (resource.plural === ENDPOINT_SLICES.plural) observer.sliceWrite(operation, outcome);
    };
    try {
      const result = await observe(request, signal);
      note('written');
      return result;
    } catch (error) {
      if (signal?.aborted !== true) note(outcomeOf(error));
      throw error;
    }
  };
  return {
    get: (resource, ref, signal) => observe(api.get(resource, ref, signal), signal),
    list: (resource, scope, signal) => observe(api.list(resource, scope, signal), signal),
    watch: (resource, scope, version, onEvent, signal, onOpen) =>
      observe(api.watch(resource, scope, version, onEvent, signal, onOpen), signal),
    create: (resource, object, options) =>
      observeWrite('create', resource, api.create(resource, object, options), options?.signal),
    replace: (resource, object, options) =>
      observeWrite('update', resource, api.replace(resource, object, options), options?.signal),
    mergePatch: (resource, ref, body, options) =>
      observeWrite('update', resource, api.mergePatch(resource, ref, body, options), options?.signal),
    jsonPatch: (resource, ref, body, options) =>
      observeWrite('update', resource, api.jsonPatch(resource, ref, body, options), options?.signal),
    delete: (resource, ref, preconditions, signal) =>
      observeWrite('delete', resource, api.delete(resource, ref, preconditions, signal), signal),
  };
}

function outcomeOf(error: unknown): WriteOutcome {
  const kind = classifyKubeError(error);
  return kind === 'conflict' || kind === 'exists' ? 'conflict' : 'failed';
}
