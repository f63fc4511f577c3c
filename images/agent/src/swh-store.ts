import { readObservedStatus } from '#lib/api/observed-status.ts';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { matchesSelector } from '#lib/core/pod/pod-membership.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import type { Change } from '#lib/kube/informer.ts';
import type { UncheckedServiceWithHealthchecks } from '#lib/kube/resources.ts';
import { differs } from './slim-swh.ts';

/** What an agent goes by for one object. */
export type StoredSwh =
  | { readonly kind: 'accepted'; readonly swh: ServiceWithHealthchecks }
  /** The spec breaks a rule, and this process has not seen one that did not. */
  | { readonly kind: 'rejected'; readonly uid: string };

/**
 * The parsed objects by key, each parsed once for each change that matters. An object whose new spec is rejected goes
 * on with the last accepted one.
 */
export class SwhStore {
  readonly #objects = new Map<string, StoredSwh>();
  readonly #namespaces = new Map<string, Set<string>>();

  /** Takes a change of the informer; false when it changes nothing for an agent. */
  take({ key, previous, current }: Change<UncheckedServiceWithHealthchecks>): boolean {
    if (current === undefined) {
      this.#remove(key);
      return true;
    }
    if (previous !== undefined && this.#objects.has(key) && !differs(previous, current)) return false;
    this.#objects.set(key, this.#parse(key, current));
    const namespace = current.metadata.namespace ?? '';
    const keys = this.#namespaces.get(namespace) ?? new Set<string>();
    this.#namespaces.set(namespace, keys.add(key));
    return true;
  }

  get(key: string): StoredSwh | undefined {
    return this.#objects.get(key);
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** Keys of the objects that the labels of a pod may matter to; a rejected object may want any pod. */
  keysSelecting({ metadata }: KubernetesObject): readonly string[] {
    const keys = [...(this.#namespaces.get(metadata.namespace ?? '') ?? [])];
    return keys.filter((key) => {
      const stored = this.#objects.get(key);
      if (stored?.kind !== 'accepted') return true;
      return matchesSelector(metadata.labels ?? {}, stored.swh.service.selector);
    });
  }

  #parse(key: string, current: UncheckedServiceWithHealthchecks): StoredSwh {
    const result = parseServiceWithHealthchecks(current);
    if (result.kind === 'accepted') return { kind: 'accepted', swh: result.swh };
    const last = this.#objects.get(key);
    if (last?.kind !== 'accepted' || last.swh.uid !== result.uid)
      return { kind: 'rejected', uid: result.uid };
    const isDeleting = current.metadata.deletionTimestamp !== undefined;
    return { kind: 'accepted', swh: { ...last.swh, isDeleting, observed: readObservedStatus(current) } };
  }

  #remove(key: string): void {
    this.#objects.delete(key);
    const namespace = key.slice(0, key.indexOf('/'));
    const keys = this.#namespaces.get(namespace);
    keys?.delete(key);
    if (keys?.size === 0) this.#namespaces.delete(namespace);
  }
}
