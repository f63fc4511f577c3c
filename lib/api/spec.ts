import { error, type Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { SPEC_SHAPE } from '#lib/api/generated/spec-shape.ts';
import { validateSpec } from '#lib/api/generated/validate.js';
import { prune } from '#lib/api/prune.ts';
import { schemaFindings } from '#lib/api/schema-findings.ts';

/** Names of the parts of the spec that the rules speak of. */
export type PortSpec = NonNullable<DefaultedSpec['ports']>[number];
export type HealthcheckSpec = NonNullable<DefaultedSpec['healthcheck']>;
export type ProbeSpec = NonNullable<HealthcheckSpec['probes']>[number];
export type HttpSpec = NonNullable<ProbeSpec['http']>;
export type TcpSpec = NonNullable<ProbeSpec['tcp']>;
export type PostgresqlSpec = NonNullable<ProbeSpec['postgreSQL']>;
export type GrpcSpec = NonNullable<ProbeSpec['grpc']>;
export type TlsSpec = NonNullable<TcpSpec['tls'] | GrpcSpec['tls']>;

export type SpecResult =
  | { readonly kind: 'valid'; readonly spec: DefaultedSpec }
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] };

/** Holds a spec against the schema of the resource definition: pruned, with its defaults. Never throws. */
export function readSpec(value: unknown): SpecResult {
  if (value === undefined || value === null) {
    return {
      kind: 'invalid',
      findings: [error('spec', 'write a spec with ports, a selector and a healthcheck')],
    };
  }
  const spec = prune(value, SPEC_SHAPE);
  if (validateSpec(spec)) return { kind: 'valid', spec };
  return { kind: 'invalid', findings: schemaFindings(validateSpec.errors ?? []) };
}

/** Path of a probe in messages. */
export function probePath(index: number): string {
  return `spec.healthcheck.probes[${index}]`;
}
