import { waitFor } from '../process/wait-for.ts';
import { type HelmRelease, helmRelease } from './helm-release.ts';
import { objectManifest, serviceManifest, settingsManifest } from './manifests.ts';
import { GOOD_PODS, NAMESPACE, type TakeOverRig } from './rig.ts';
import type { Variant } from './run.ts';
import { ALL_PODS, taken } from './steps.ts';

const KEEP = { 'helm.sh/resource-policy': 'keep' };
const RETAIN = { deletionPolicy: 'Retain' };

/** The release that the Service is in before, and the object in the end. */
function releaseOf(rig: TakeOverRig, name: string): HelmRelease {
  return helmRelease(rig, `shop-${name}`);
}

/** A version of the chart that differs in something else. */
const settings = (name: string, version: number) => settingsManifest(`${name}-settings`, version);

const inRelease: Pick<Variant, 'hasGap' | 'end' | 'prepare' | 'cleanUp'> = {
  hasGap: false,
  end: 'ours',
  async prepare(rig, name) {
    await releaseOf(rig, name).upgrade([serviceManifest(name), settings(name, 1)]);
    await rig.waitForStandard(name, ALL_PODS);
  },
  cleanUp: (rig, name) => releaseOf(rig, name).uninstall(),
};

const besideRelease: Variant = {
  ...inRelease,
  name: 'Helm: created beside a release, which is upgraded thrice and then drops the Service',
  async act(rig, name) {
    const release = releaseOf(rig, name);
    await rig.createObject(name);
    await taken(rig, name);
    for (const version of [2, 3, 4]) {
      await release.upgrade([serviceManifest(name), settings(name, version)]);
      await taken(rig, name);
    }
    const who = `Helm release ${NAMESPACE}/${release.name}`;
    await rig.waitForCondition(name, 'ChildServiceContested', `${who} still deploys the Service`);
    await release.upgrade([settings(name, 5)]);
    await taken(rig, name);
  },
};

const secondChart: Variant = {
  ...inRelease,
  name: 'Helm: created by a second release, the first is upgraded',
  async act(rig, name) {
    await helmRelease(rig, `checks-${name}`).upgrade([objectManifest(name)]);
    await taken(rig, name);
    await releaseOf(rig, name).upgrade([serviceManifest(name), settings(name, 2)]);
    await taken(rig, name);
  },
  async cleanUp(rig, name) {
    await releaseOf(rig, name).uninstall();
    await helmRelease(rig, `checks-${name}`).uninstall();
  },
};

const forced: Variant = {
  ...inRelease,
  name: 'Helm: upgrade --force after the take-over',
  // The Service is replaced, owner and all, and has to be taken over once more: for a moment both sides publish.
  mayDisagree: true,
  async act(rig, name) {
    await rig.createObject(name);
    await taken(rig, name);
    const before = (await rig.service(name))?.metadata.resourceVersion;
    await releaseOf(rig, name).upgrade([serviceManifest(name), settings(name, 2)], ['--force']);
    if ((await rig.service(name))?.metadata.resourceVersion === before) throw new Error('nothing was forced');
    await waitForOwner(rig, name);
    await taken(rig, name);
  },
};

const replaced: Variant = {
  ...inRelease,
  name: 'Helm: replaced in one upgrade, after a version that keeps the Service; a rollback is refused',
  async prepare(rig, name) {
    await inRelease.prepare(rig, name);
    await releaseOf(rig, name).upgrade([serviceManifest(name, KEEP)]);
  },
  async act(rig, name) {
    const release = releaseOf(rig, name);
    await release.upgrade([objectManifest(name)]);
    await taken(rig, name);
    const words = await release.rollback(2).then(() => 'nothing', String);
    if (!words.includes('no Service with the name')) throw new Error(`helm rollback said: ${words}`);
    await release.upgrade([objectManifest(name), settings(name, 2)]);
    await taken(rig, name);
  },
};

const replacedAtOnce: Variant = {
  ...inRelease,
  name: 'Helm: replaced in one upgrade, unprepared',
  hasGap: true,
  async act(rig, name) {
    await releaseOf(rig, name).upgrade([objectManifest(name)]);
    await taken(rig, name);
  },
};

const uninstalled: Variant = {
  ...inRelease,
  name: 'Helm: the release that still contains the Service is uninstalled',
  hasGap: true,
  async act(rig, name) {
    await rig.createObject(name);
    await taken(rig, name);
    const before = (await rig.service(name))?.metadata.uid;
    await releaseOf(rig, name).uninstall();
    await waitFor(`${name} to be made anew`, async () => {
      const uid = (await rig.service(name))?.metadata.uid;
      return uid !== undefined && uid !== before ? true : undefined;
    });
    await taken(rig, name);
  },
};

const givenBack: Variant = {
  ...inRelease,
  name: 'Helm: given back with Retain in one upgrade',
  end: 'standard',
  async prepare(rig, name) {
    await releaseOf(rig, name).upgrade([objectManifest(name, RETAIN)]);
    await taken(rig, name);
    await rig.endpoints.waitForReady(name, GOOD_PODS, 20_000);
  },
  async act(rig, name) {
    const release = releaseOf(rig, name);
    await release.upgrade([serviceManifest(name)]);
    await waitFor(`${name} to be gone`, async () =>
      (await rig.object(name)) === undefined ? true : undefined,
    );
    await rig.waitForStandard(name, ALL_PODS);
    await release.upgrade([serviceManifest(name), settings(name, 2)]);
    await rig.waitForStandard(name, ALL_PODS);
  },
};

const thereAndBack: Variant = {
  ...inRelease,
  name: 'Helm: replaced, kept, and given back',
  end: 'standard',
  async act(rig, name) {
    const release = releaseOf(rig, name);
    await release.upgrade([serviceManifest(name, KEEP)]);
    await release.upgrade([objectManifest(name)]);
    await taken(rig, name);
    await release.upgrade([objectManifest(name, RETAIN)]);
    await waitFor(`${name} to have its finalizer`, async () =>
      (await rig.object(name))?.metadata.finalizers?.length === 1 ? true : undefined,
    );
    await givenBack.act(rig, name);
  },
};

async function waitForOwner(rig: TakeOverRig, name: string): Promise<void> {
  await waitFor(`${name} to have its owner again`, async () =>
    (await rig.service(name))?.metadata.ownerReferences?.length === 1 ? true : undefined,
  );
}

/** What the real Helm does, by a word for the command line. */
export const HELM_VARIANTS: Readonly<Record<string, Variant>> = {
  helm: besideRelease,
  'helm-second-chart': secondChart,
  'helm-force': forced,
  'helm-replace': replaced,
  'helm-replace-at-once': replacedAtOnce,
  'helm-uninstall': uninstalled,
  'helm-give-back': givenBack,
  'helm-there-and-back': thereAndBack,
};
