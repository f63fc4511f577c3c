import { isRecord } from '#lib/api/prune.ts';
import type { Condition, IpFamily } from '#lib/core/kubernetes.ts';
import type { ObservedStatus } from '#lib/core/service-with-healthchecks.ts';

/** Reads the `status` of any value; entries that make no sense are left out. Never throws. */
export function readObservedStatus(object: unknown): ObservedStatus {
  const field = isRecord(object) ? object['status'] : undefined;
  const status = isRecord(field) ? field : {};
  const { conditions, ipFamilies } = status;
  const families = Array.isArray(ipFamilies) ? ipFamilies.filter(isFamily) : [];
  return {
    conditions: Array.isArray(conditions) ? conditions.flatMap(readCondition) : [],
    ...(families.length > 0 && { ipFamilies: families }),
  };
}

function isFamily(value: unknown): value is IpFamily {
  return value === 'IPv4' || value === 'IPv6';
}

function readCondition(value: unknown): readonly Condition[] {
  if (!isRecord(value)) return [];
  const { type, status, reason, message, lastTransitionTime, observedGeneration } = value;
  if (typeof type !== 'string' || !isStatus(status)) return [];
  return [
    {
      type,
      status,
      reason: typeof reason === 'string' ? reason : '',
      message: typeof message === 'string' ? message : '',
      lastTransitionTime: typeof lastTransitionTime === 'string' ? lastTransitionTime : '',
      ...(typeof observedGeneration === 'number' && { observedGeneration }),
    },
  ];
}

function isStatus(value: unknown): value is Condition['status'] {
  return value === 'True' || value === 'False' || value === 'Unknown';
}
