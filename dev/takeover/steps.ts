import { BAD_POD, GOOD_PODS, type TakeOverRig } from './rig.ts';

export const READY = 'ChildServiceWasCreated';
export const ADOPTING = 'ChildServiceAdopting';
export const ALL_PODS = [...GOOD_PODS, BAD_POD];

/** A Service that the standard controllers feed. */
export async function plainService(rig: TakeOverRig, name: string): Promise<void> {
  await rig.createService(name);
  await rig.waitForStandard(name, ALL_PODS);
}

/** A Service that an object has made for itself. */
export async function ownService(rig: TakeOverRig, name: string, spec: object = {}): Promise<void> {
  await rig.createObject(name, spec);
  await taken(rig, name);
}

/** Resolves when nothing but the agents feeds the Service. */
export async function taken(rig: TakeOverRig, name: string): Promise<void> {
  await rig.waitForReason(name, READY);
  await rig.endpoints.waitForReady(name, GOOD_PODS, 20_000);
}
