import type { KubernetesObject } from '#lib/core/kubernetes.ts';

/** One Kubernetes binding in shell-operator's own words (configuration version v1). */
export interface KubernetesBinding {
  readonly name: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly labelSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly nameSelector?: { readonly matchNames: readonly string[] };
  readonly namespace?: { readonly nameSelector: { readonly matchNames: readonly string[] } };
  /** Bindings of one group come with the snapshots of all of them. */
  readonly group?: string;
  readonly queue?: string;
  readonly executeHookOnEvent?: readonly ('Added' | 'Modified' | 'Deleted')[];
  readonly executeHookOnSynchronization?: boolean;
  readonly keepFullObjectsInMemory?: boolean;
  readonly jqFilter?: string;
}

/** What a hook asks of its host. */
export interface HookConfig {
  readonly configVersion: 'v1';
  readonly kubernetes: readonly KubernetesBinding[];
}

/** The objects of each binding, by binding name, sorted by namespace and name. */
export type Snapshots = Readonly<Record<string, readonly KubernetesObject[]>>;

/** One write in the words of the operator's patch file. */
export type Operation =
  | {
      readonly operation: 'Create' | 'CreateIfNotExists' | 'CreateOrUpdate';
      readonly object: KubernetesObject;
    }
  | {
      readonly operation: 'MergePatch';
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace?: string;
      readonly name: string;
      readonly mergePatch: Readonly<Record<string, unknown>>;
      readonly subresource?: 'status';
      readonly ignoreMissingObject?: boolean;
    }
  | {
      readonly operation: 'JSONPatch';
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace?: string;
      readonly name: string;
      /** RFC 6902 as text: an operator refuses a list that begins with a removal. */
      readonly jsonPatch: string;
      readonly subresource?: 'status';
      readonly ignoreMissingObject?: boolean;
    }
  | Deletion;

export interface Deletion {
  readonly operation: 'Delete' | 'DeleteInBackground' | 'DeleteNonCascading';
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /**
   * How long it must have been planned before it is carried out, by a host that holds deletions back; 3 s otherwise.
   * No word of the operator's.
   */
  readonly confirmMs?: number;
}

/**
 * A reconcile hook: bindings on top, one pure function below. The function sees only snapshots, so the same
 * hook runs resident in the controller (one key at a time), under shell-operator and as a batch hook (all at once).
 */
export interface Hook {
  readonly name: string;
  readonly config: HookConfig;
  /**
   * The keys (`namespace/name`) that an object of the binding concerns. Law: reconciling all snapshots at once
   * gives the operations that reconciling the part of each key gives. `every`: the object belongs to the part of
   * each key, and its changes by themselves wake none (such a binding has an empty `executeHookOnEvent`).
   */
  keysOf(binding: string, object: KubernetesObject): readonly string[] | 'every';
  /** What to write so that the world is as desired. Empty when it is. Never throws for bad objects. */
  reconcile(snapshots: Snapshots): readonly Operation[];
}
