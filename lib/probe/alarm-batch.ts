import type { Target } from '#lib/core/probe/target.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/**
 * Collects targets whose connections have ended and tells of all that came together at once: a server that ends
 * thousands of idle connections in one go must not cause as many searches through all checks.
 */
export function batchAlarms(
  clock: Clock,
  onAlarm: (isMeant: (target: Target) => boolean) => void,
): (target: Target) => void {
  let byPod = new Map<string, Target[]>();
  const tell = (): void => {
    const ended = byPod;
    byPod = new Map();
    onAlarm((target) => ended.get(target.podUid)?.some((other) => isSame(other, target)) === true);
  };
  return (target) => {
    if (byPod.size === 0) clock.schedule(0, tell);
    const others = byPod.get(target.podUid);
    if (others === undefined) byPod.set(target.podUid, [target]);
    else others.push(target);
  };
}

function isSame(a: Target, b: Target): boolean {
  return a.address === b.address && a.port === b.port;
}
