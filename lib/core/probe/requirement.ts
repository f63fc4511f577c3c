import { assertNever } from '#lib/core/assert-never.ts';
import type { Requirement } from '#lib/core/probe/probe.ts';

/**
 * Whether an endpoint is up when `up` of its `total` probes are. No probe at all: up. A count above the number of
 * probes asks for all of them.
 */
export function isSatisfied(requirement: Requirement, up: number, total: number): boolean {
  if (total === 0) return true;
  switch (requirement.type) {
    case 'All':
      return up === total;
    case 'Any':
      return up > 0;
    case 'AtLeast':
      return up >= Math.min(requirement.count, total);
    default:
      return assertNever(requirement, 'requirement');
  }
}
