import { error, type Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';

/** `requirement` and `failOpen`: each number is there exactly when its type uses it, and can be reached. */
export function checkPolicies({ healthcheck }: DefaultedSpec): readonly Finding[] {
  const { requirement, failOpen, probes = [] } = healthcheck ?? {};
  return [
    ...(requirement !== undefined && (requirement.type === 'AtLeast') !== (requirement.count !== undefined)
      ? [error('spec.healthcheck.requirement', 'write count together with type: AtLeast, and only then')]
      : []),
    ...((requirement?.count ?? 0) > probes.length
      ? [
          error(
            'spec.healthcheck.requirement',
            'more probes are required than there are: write a count that is not above the number of probes, or use type All',
          ),
        ]
      : []),
    ...(failOpen !== undefined && (failOpen.type === 'MinimumReady') !== (failOpen.minimumReady !== undefined)
      ? [
          error(
            'spec.healthcheck.failOpen',
            'write minimumReady together with type: MinimumReady, and only then',
          ),
        ]
      : []),
  ];
}
