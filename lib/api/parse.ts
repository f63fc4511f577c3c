import { type Finding, violationsOf } from '#lib/api/finding.ts';
import { checkNamespace, readMetadata } from '#lib/api/metadata.ts';
import { readObservedStatus } from '#lib/api/observed-status.ts';
import { isRecord } from '#lib/api/prune.ts';
import { readHealthcheck } from '#lib/api/read-healthcheck.ts';
import { checkServiceName } from '#lib/api/rules/service-name.ts';
import { checkSpec } from '#lib/api/rules/spec.ts';
import { checkTopologyMode } from '#lib/api/rules/topology-mode.ts';
import { servicePart } from '#lib/api/service-part.ts';
import { readSpec } from '#lib/api/spec.ts';
import type { ObjectRef } from '#lib/core/kubernetes.ts';
import type { ServiceWithHealthchecks, Violation } from '#lib/core/service-with-healthchecks.ts';

export type ParseResult =
  | {
      readonly kind: 'accepted';
      readonly swh: ServiceWithHealthchecks;
      /** Where the object is acted on otherwise than written. */
      readonly warnings: readonly Violation[];
    }
  | {
      readonly kind: 'rejected';
      /** Empty strings and 0 where the object does not say. */
      readonly ref: ObjectRef;
      readonly uid: string;
      readonly generation: number;
      /** At least one. */
      readonly violations: readonly Violation[];
    };

/**
 * Turns an object of the API into one that the core can trust: every rule of the resource definition holds
 * (whatever definition the API server has), every default is filled in. Never throws for a value of JSON, never
 * changes it.
 */
export function parseServiceWithHealthchecks(object: unknown): ParseResult {
  const metadata = readMetadata(object);
  const { ref, uid, generation } = metadata;
  const result = readSpec(isRecord(object) ? object['spec'] : undefined);
  const findings = [
    ...checkNamespace(metadata),
    ...checkServiceName(ref.name),
    ...checkTopologyMode(metadata.annotations),
    ...(result.kind === 'valid' ? checkSpec(result.spec) : result.findings),
  ];
  if (result.kind === 'invalid' || hasError(findings)) {
    return { kind: 'rejected', ref, uid, generation, violations: violationsOf(findings, 'error') };
  }
  const service = servicePart(result.spec);
  const healthcheck = readHealthcheck(result.spec);
  return {
    kind: 'accepted',
    swh: {
      ...metadata,
      service: service.service,
      healthcheck: healthcheck.healthcheck,
      adoptionPolicy: result.spec.adoptionPolicy ?? 'Adopt',
      deletionPolicy: result.spec.deletionPolicy,
      observed: readObservedStatus(object),
    },
    warnings: violationsOf([...findings, ...service.findings, ...healthcheck.findings], 'warning'),
  };
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
