import { error, type Finding, warning } from '#lib/api/finding.ts';
import { BLOCK_NAMES, blockOf, blocksOf } from '#lib/api/probe-block.ts';
import { type ProbeSpec, probePath } from '#lib/api/spec.ts';

/**
 * A probe has a mode and the block of that mode. The mode may be missing when there is exactly one block; a
 * further block beside the right one is ignored with a warning.
 */
export function checkProbeMode(probe: ProbeSpec, index: number): readonly Finding[] {
  const counting = blockOf(probe);
  if (counting === undefined) return [noBlock(probe, index)];
  return blocksOf(probe)
    .filter(({ mode }) => mode !== counting.mode)
    .map(({ mode }) =>
      warning(
        `${probePath(index)}.${BLOCK_NAMES[mode]}`,
        `ignored: a probe has one block, that of its mode (${counting.mode}); drop this one, or write a second probe for it`,
      ),
    );
}

function noBlock(probe: ProbeSpec, index: number): Finding {
  const { mode } = probe;
  if (mode === undefined) {
    return error(
      probePath(index),
      'write the mode (HTTP, TCP, PostgreSQL or GRPC) and the block of that mode; the mode may be left out only when there is exactly one block',
    );
  }
  return error(
    probePath(index),
    `mode ${mode} needs its block: write ${BLOCK_NAMES[mode]} with targetPort, or the mode of the block that is there`,
  );
}
