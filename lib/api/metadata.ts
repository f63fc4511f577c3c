import { error, type Finding } from '#lib/api/finding.ts';
import { isRecord } from '#lib/api/prune.ts';
import type { ObjectRef } from '#lib/core/kubernetes.ts';

/** The metadata that the product works with; what is missing or of a wrong type is empty. */
export interface Metadata {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly isDeleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Reads `metadata` of any value. Never throws. */
export function readMetadata(object: unknown): Metadata {
  const field = isRecord(object) ? object['metadata'] : undefined;
  const metadata = isRecord(field) ? field : {};
  const { name, namespace, uid, generation, deletionTimestamp, labels, annotations } = metadata;
  return {
    ref: { namespace: textOf(namespace), name: textOf(name) },
    uid: textOf(uid),
    generation: typeof generation === 'number' ? generation : 0,
    isDeleting: typeof deletionTimestamp === 'string',
    labels: textsOf(labels),
    annotations: textsOf(annotations),
  };
}

/** The object is a namespaced one; the API server sees to it, a file may not. */
export function checkNamespace({ ref }: Metadata): readonly Finding[] {
  return ref.namespace === '' ? [error('metadata.namespace', 'write the namespace of the object')] : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
