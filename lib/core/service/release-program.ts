import { PROPAGATED_ANNOTATIONS, PROPAGATED_LABELS } from '#lib/core/service/child-service-metadata.ts';
import { SKIP_MIRROR_BEFORE } from '#lib/core/service/skip-mirror.ts';
import { HERITAGE, HERITAGE_LABEL, SKIP_MIRROR_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';

/** Whose child the Service is, and what it is to select from now on. */
export interface Release {
  readonly uid: string;
  readonly selector: Readonly<Record<string, string>>;
}

/**
 * What `planHandOver` calls `release`, as a jq program for whoever cannot look at the Service first: it leaves every Service
 * alone that the object does not control.
 */
export function releaseProgram({ uid, selector }: Release): string {
  const owner = JSON.stringify(uid);
  const heritage = `if .[${JSON.stringify(HERITAGE_LABEL)}] == ${JSON.stringify(HERITAGE)} then del(.[${JSON.stringify(HERITAGE_LABEL)}]) else . end`;
  const skipMirror = `.metadata.labels[${JSON.stringify(SKIP_MIRROR_LABEL)}]`;
  const keys = [PROPAGATED_ANNOTATIONS, PROPAGATED_LABELS, SKIP_MIRROR_BEFORE];
  const annotations = keys.map((key) => `.[${JSON.stringify(key)}]`);
  return [
    `if any(.metadata.ownerReferences[]?; .controller == true and .uid == ${owner})`,
    `then .spec.selector = ${JSON.stringify(selector)}`,
    '| .metadata.ownerReferences |= map(select(.controller != true))',
    `| .metadata.labels |= ((. // {}) | ${heritage})`,
    `| .metadata.annotations[${JSON.stringify(SKIP_MIRROR_BEFORE)}] as $before`,
    `| if $before == null then . elif $before == "" then del(${skipMirror}) else ${skipMirror} = $before end`,
    `| .metadata.annotations |= ((. // {}) | del(${annotations.join(', ')}))`,
    'else . end',
  ].join(' ');
}
