import type { Hook } from '#lib/hook/hook.ts';
import { childService } from './child-service.ts';
import { lostNodeSlices } from './lost-node-slices.ts';
import { orphanSlices } from './orphan-slices.ts';
import { probeSecretAccess } from './probe-secret-access.ts';

/** All reconcile hooks. Positions are the indexes of a batch, so the order is part of what a build promises. */
export const HOOKS: readonly Hook[] = [childService, orphanSlices, lostNodeSlices, probeSecretAccess];
