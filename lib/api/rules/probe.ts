import type { Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { BLOCK_NAMES, blockOf } from '#lib/api/probe-block.ts';
import { checkHttpBlock } from '#lib/api/rules/http-block.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import { checkPostgresqlBlock } from '#lib/api/rules/postgresql-block.ts';
import { checkProbeMode } from '#lib/api/rules/probe-mode.ts';
import { checkTcpBlock } from '#lib/api/rules/tcp-block.ts';
import { checkTlsBlock } from '#lib/api/rules/tls-block.ts';
import { type ProbeSpec, probePath } from '#lib/api/spec.ts';
import { assertNever } from '#lib/core/assert-never.ts';

/** Every probe: its mode, and the block that counts. */
export function checkProbes(spec: DefaultedSpec): readonly Finding[] {
  return (spec.healthcheck?.probes ?? []).flatMap((probe, index) => [
    ...checkProbeMode(probe, index),
    ...checkBlock(probe, index),
  ]);
}

function checkBlock(probe: ProbeSpec, index: number): readonly Finding[] {
  const counting = blockOf(probe);
  if (counting === undefined) return [];
  const path = `${probePath(index)}.${BLOCK_NAMES[counting.mode]}`;
  switch (counting.mode) {
    case 'HTTP':
      return checkHttpBlock(path, counting.block);
    case 'TCP':
      return checkTcpBlock(path, counting.block);
    case 'PostgreSQL':
      return checkPostgresqlBlock(path, counting.block);
    case 'GRPC':
      return [
        ...checkPortReference(`${path}.targetPort`, counting.block.targetPort),
        ...checkTlsBlock(`${path}.tls`, counting.block.tls),
      ];
    default:
      return assertNever(counting, 'probe block');
  }
}
