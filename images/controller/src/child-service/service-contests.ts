import type { KubernetesObject, ObjectMeta, Service } from '#lib/core/kubernetes.ts';
import { hasSelector } from '#lib/core/service/adoption.ts';
import { controllerOf, pointsAt } from '#lib/core/service/child-service-metadata.ts';
import { deploymentToolOf } from '#lib/core/service/deployment-tool.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** Somebody has set the selector of a child Service, which the controller removes again. */
export interface Contest {
  readonly at: Date;
  /** Who seems to have done it, by the marks on the Service; undefined when it has none. */
  readonly tool: string | undefined;
}

/** The latest contest of each child Service, for the status. */
export interface ServiceContests {
  /** Takes a change that an informer has told. */
  note(key: string, previous: KubernetesObject | undefined, current: KubernetesObject | undefined): void;
  /** Undefined when the child of that object was not contested within `CONTEST_MS`. */
  of(key: string, uid: string): Contest | undefined;
}

/** How long a contest is spoken of. Tools that deploy again and again do so more often. */
export const CONTEST_MS = 3_600_000;

/**
 * Remembers contests. They are seen in the changes alone: the next write of the controller ends one within milliseconds,
 * before anybody else looks at the Service.
 */
export function createServiceContests(clock: Clock): ServiceContests {
  const contests = new Map<string, Contest & { readonly uid: string }>();
  const isOver = ({ at }: Contest) => clock.now().getTime() - at.getTime() >= CONTEST_MS;
  return {
    note(key, previous, current) {
      for (const [known, contest] of contests) if (isOver(contest)) contests.delete(known);
      if (previous === undefined || current === undefined) return;
      // The informer is one of Services.
      const [before, after] = [previous as Service, current as Service];
      const uid = ownerUid(after.metadata);
      if (uid === undefined || ownerUid(before.metadata) !== uid) return;
      if (hasSelector(before.spec) || !hasSelector(after.spec)) return;
      contests.set(key, { at: clock.now(), tool: deploymentToolOf(after.metadata), uid });
    },
    of(key, uid) {
      const contest = contests.get(key);
      return contest === undefined || contest.uid !== uid || isOver(contest) ? undefined : contest;
    },
  };
}

function ownerUid(metadata: ObjectMeta): string | undefined {
  const owner = controllerOf(metadata);
  return owner !== undefined && pointsAt(owner, metadata.name) ? owner.uid : undefined;
}
