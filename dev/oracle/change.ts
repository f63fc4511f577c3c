import { assertNever } from '#lib/core/assert-never.ts';
import type { NodeName, PodModel, ServiceModel, World } from './world.ts';

/** One thing that somebody does to the cluster. Data, so that a failing history can be kept as it was. */
export type Change =
  | { readonly kind: 'addPod'; readonly pod: PodModel }
  /** Labels or status of a pod become these. */
  | { readonly kind: 'updatePod'; readonly what: string; readonly pod: PodModel }
  /** Deleted with a grace period that does not end by itself. */
  | { readonly kind: 'terminatePod'; readonly name: string }
  | { readonly kind: 'removePod'; readonly name: string }
  /** Removed, and made again under its name. */
  | { readonly kind: 'replacePod'; readonly pod: PodModel }
  | { readonly kind: 'updateService'; readonly what: string; readonly service: ServiceModel }
  /** Deleted and made again; `isPatient`: what belonged to the old one is gone before the other is made. */
  | {
      readonly kind: 'recreateService';
      readonly what: string;
      readonly service: ServiceModel;
      readonly isPatient: boolean;
    }
  /** A node's zone label becomes this, or goes. Concerns all worlds of a cluster. */
  | { readonly kind: 'rezone'; readonly node: NodeName; readonly zone?: string }
  /** A Node object is deleted and made again, with this zone; `isPatient`: it is seen to be missing in between. */
  | {
      readonly kind: 'remakeNode';
      readonly node: NodeName;
      readonly zone?: string;
      readonly isPatient: boolean;
    }
  /** The controller, or the agent of a node, ends and comes back while the rest of the step happens. */
  | { readonly kind: 'restart'; readonly program: ProgramName; readonly isCrash: boolean };

/** What of the product can be restarted: an agent by its node. */
export type ProgramName = 'controller' | NodeName;

/** Changes that are made one right after the other, before anybody waits for their effect. */
export type Step = readonly Change[];

/** The world after the change. */
export function changed(world: World, change: Change): World {
  switch (change.kind) {
    case 'addPod':
    case 'updatePod':
    case 'replacePod':
      return withPod(world, change.pod);
    case 'terminatePod': {
      const pod = world.pods.get(change.name);
      return pod === undefined ? world : withPod(world, { ...pod, isTerminating: true });
    }
    case 'removePod':
      return { ...world, pods: new Map([...world.pods].filter(([name]) => name !== change.name)) };
    case 'updateService':
    case 'recreateService':
      return { ...world, service: change.service };
    case 'rezone':
    case 'remakeNode':
    case 'restart':
      return world;
    default:
      return assertNever(change, 'change');
  }
}

/** One line that tells a person what the change is. */
export function changeText(change: Change): string {
  switch (change.kind) {
    case 'terminatePod':
    case 'removePod':
      return `${change.kind} ${change.name}`;
    case 'restart':
      return `${change.isCrash ? 'crash' : 'restart'} of ${change.program}`;
    case 'remakeNode':
      return `remakeNode ${change.node} with ${change.zone ?? 'no zone'}, ${change.isPatient ? 'patient' : 'at once'}`;
    case 'rezone':
      return `rezone ${change.node} to ${change.zone ?? 'no zone'}`;
    case 'addPod':
    case 'replacePod':
      return `${change.kind} ${JSON.stringify(change.pod)}`;
    case 'updatePod':
      return `updatePod ${change.pod.name} (${change.what}) ${JSON.stringify(change.pod)}`;
    case 'updateService':
    case 'recreateService':
      return `${change.kind} (${change.what}) ${JSON.stringify(change.service)}`;
    default:
      return assertNever(change, 'change');
  }
}

function withPod(world: World, pod: PodModel): World {
  return { ...world, pods: new Map([...world.pods, [pod.name, pod]]) };
}
