import type { Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { checkPolicies } from '#lib/api/rules/policies.ts';
import { checkProbes } from '#lib/api/rules/probe.ts';
import { checkServicePorts } from '#lib/api/rules/service-ports.ts';
import { checkText } from '#lib/api/rules/text.ts';
import { checkTiming } from '#lib/api/rules/timing.ts';

const RULES: readonly ((spec: DefaultedSpec) => readonly Finding[])[] = [
  checkServicePorts,
  checkTiming,
  checkPolicies,
  checkProbes,
  checkText,
];

/**
 * Holds a spec that fits the schema against the rules of the resource definition (its CEL rules may be missing
 * or older than the object) and against those that only a program can check.
 */
export function checkSpec(spec: DefaultedSpec): readonly Finding[] {
  return RULES.flatMap((rule) => rule(spec));
}
