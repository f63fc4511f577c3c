import type { Hook } from '#lib/hook/hook.ts';
import type { ModuleHook } from '#lib/hook/module-hook.ts';
import { childService } from './child-service.ts';
import { handOver } from './hand-over.ts';
import { handOverLeftovers } from './hand-over-leftovers.ts';
import { lostNodeSlices } from './lost-node-slices.ts';
import { orphanSlices } from './orphan-slices.ts';
import { probeSecretAccess } from './probe-secret-access.ts';

/** All reconcile hooks: resident in the controller, or run by a shell-operator. */
export const HOOKS: readonly Hook[] = [childService, orphanSlices, lostNodeSlices, probeSecretAccess];

/** The hooks of the module as a whole. Positions are the indexes of the batch, so the order is what a build promises. */
export const MODULE_HOOKS: readonly ModuleHook[] = [handOver, handOverLeftovers];
