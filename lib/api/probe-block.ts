import type { GrpcSpec, HttpSpec, PostgresqlSpec, ProbeSpec, TcpSpec } from '#lib/api/spec.ts';

/** A mode together with the block that belongs to it. */
export type ProbeBlock =
  | { readonly mode: 'HTTP'; readonly block: HttpSpec }
  | { readonly mode: 'TCP'; readonly block: TcpSpec }
  | { readonly mode: 'PostgreSQL'; readonly block: PostgresqlSpec }
  | { readonly mode: 'GRPC'; readonly block: GrpcSpec };

/** Name of the block of each mode. */
export const BLOCK_NAMES = { HTTP: 'http', TCP: 'tcp', PostgreSQL: 'postgreSQL', GRPC: 'grpc' } as const;

/** Every block that the probe has. */
export function blocksOf({ http, tcp, postgreSQL, grpc }: ProbeSpec): readonly ProbeBlock[] {
  return [
    ...(http === undefined ? [] : [{ mode: 'HTTP', block: http } as const]),
    ...(tcp === undefined ? [] : [{ mode: 'TCP', block: tcp } as const]),
    ...(postgreSQL === undefined ? [] : [{ mode: 'PostgreSQL', block: postgreSQL } as const]),
    ...(grpc === undefined ? [] : [{ mode: 'GRPC', block: grpc } as const]),
  ];
}

/** The block that counts: that of the mode, or the only one. Undefined when the probe does not say. */
export function blockOf(probe: ProbeSpec): ProbeBlock | undefined {
  const blocks = blocksOf(probe);
  if (probe.mode !== undefined) return blocks.find(({ mode }) => mode === probe.mode);
  return blocks.length === 1 ? blocks[0] : undefined;
}
