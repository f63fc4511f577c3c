import type { ObjectMeta } from '#lib/core/kubernetes.ts';
import { SKIP_MIRROR_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';

/**
 * Annotation of a Service that carries `SKIP_MIRROR_LABEL` because a take-over has put it there: the value that the label
 * had before, empty when there was none. Without it, the label is the user's own.
 */
export const SKIP_MIRROR_BEFORE = 'network.deckhouse.io/skip-mirror-before';

/** Labels and annotations of a merge patch. */
export interface MarkPatch {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** Whether no slices will be mirrored from the Endpoints object of the Service. */
export function skipsMirror({ labels }: ObjectMeta): boolean {
  return labels?.[SKIP_MIRROR_LABEL] === 'true';
}

/** What makes the Service skip mirroring, and remembers how it was before. */
export function skipMirror({ labels }: ObjectMeta): MarkPatch {
  return {
    labels: { [SKIP_MIRROR_LABEL]: 'true' },
    annotations: { [SKIP_MIRROR_BEFORE]: labels?.[SKIP_MIRROR_LABEL] ?? '' },
  };
}

/** What undoes `skipMirror`; undefined for a Service that no take-over has marked. */
export function undoSkipMirror({ annotations }: ObjectMeta): MarkPatch | undefined {
  const before = annotations?.[SKIP_MIRROR_BEFORE];
  if (before === undefined) return undefined;
  return {
    labels: { [SKIP_MIRROR_LABEL]: before === '' ? null : before },
    annotations: { [SKIP_MIRROR_BEFORE]: null },
  };
}
