import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { manifest } from '../../../../support/resource-corpus.ts';

const MODE = 'service.kubernetes.io/topology-mode';
const OLDER = 'service.kubernetes.io/topology-aware-hints';

/** Paths of the warnings about an object with these annotations. */
function warningsOf(annotations: Readonly<Record<string, string>>): readonly string[] {
  const { metadata, ...rest } = manifest({ ports: [{ port: 80 }] });
  const result = parseServiceWithHealthchecks({ ...rest, metadata: { ...metadata, annotations } });
  return result.kind === 'accepted' ? result.warnings.map(({ path }) => path) : [result.kind];
}

describe('hints in proportion to the CPUs of zones', () => {
  it.each<{ annotations: Readonly<Record<string, string>>; want: readonly string[] }>([
    { annotations: { [MODE]: 'Auto' }, want: [`metadata.annotations[${MODE}]`] },
    { annotations: { [MODE]: 'auto' }, want: [`metadata.annotations[${MODE}]`] },
    { annotations: { [OLDER]: 'auto' }, want: [`metadata.annotations[${OLDER}]`] },
    { annotations: { [MODE]: 'Auto', [OLDER]: 'disabled' }, want: [] },
    { annotations: { [MODE]: 'Disabled' }, want: [] },
    { annotations: {}, want: [] },
  ])('are warned of for $annotations: $want', ({ annotations, want }) => {
    expect(warningsOf(annotations)).toEqual(want);
  });
});
