import { type Manifest, objectManifest, serviceManifest } from './manifests.ts';
import { NAMESPACE, type TakeOverRig } from './rig.ts';
import type { Variant } from './run.ts';
import { ALL_PODS, taken } from './steps.ts';

const SERVER_SIDE = ['--server-side'];

/** What a pipeline does; with `--warnings-as-errors` it rejects with the warnings, after everything has been applied. */
async function apply(rig: TakeOverRig, manifest: Manifest, flags: readonly string[]): Promise<void> {
  const args = ['-n', NAMESPACE, 'apply', ...flags, '-f', '-'];
  await rig.cluster.controlPlane.kubectl(args, JSON.stringify(manifest));
}

/** A pipeline that goes on applying the old Service is warned, and changes nothing. */
async function applyOldService(rig: TakeOverRig, name: string, flags: readonly string[]): Promise<void> {
  const strict = [...flags, '--warnings-as-errors'];
  const words = await apply(rig, serviceManifest(name), strict).then(() => 'nothing', String);
  if (!words.includes('belongs to ServiceWithHealthchecks')) throw new Error(`kubectl said: ${words}`);
  await taken(rig, name);
}

function applied(kind: string, flags: readonly string[]): Variant {
  return {
    name: `the old manifest is applied again (${kind})`,
    hasGap: false,
    end: 'ours',
    async prepare(rig, name) {
      await apply(rig, serviceManifest(name), flags);
      await rig.waitForStandard(name, ALL_PODS);
    },
    async act(rig, name) {
      await apply(rig, objectManifest(name), flags);
      await taken(rig, name);
      for (let time = 1; time <= 3; time += 1) await applyOldService(rig, name, flags);
      const who = flags.length === 0 ? '`kubectl apply`' : 'somebody';
      await rig.waitForCondition(name, 'ChildServiceContested', `${who} still deploys the Service`);
    },
  };
}

/** A pipeline that deletes what it no longer contains, after the mark of `kubectl apply` was taken off the Service. */
const pruned: Variant = {
  name: 'replaced in a pipeline that prunes',
  hasGap: false,
  end: 'ours',
  async prepare(rig, name) {
    await apply(rig, inPipeline(serviceManifest(name), name), []);
    await rig.waitForStandard(name, ALL_PODS);
  },
  async act(rig, name) {
    const { controlPlane } = rig.cluster;
    const mark = 'kubectl.kubernetes.io/last-applied-configuration-';
    await controlPlane.kubectl(['-n', NAMESPACE, 'annotate', 'service', name, mark]);
    const kinds = ['core/v1/Service', 'network.deckhouse.io/v1alpha1/ServiceWithHealthchecks'];
    const prune = ['--prune', '-l', `pipeline=${name}`, ...kinds.map((kind) => `--prune-allowlist=${kind}`)];
    for (let time = 1; time <= 2; time += 1) {
      await apply(rig, inPipeline(objectManifest(name), name), prune);
      await taken(rig, name);
    }
  },
};

function inPipeline(manifest: Manifest, name: string): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, labels: { pipeline: name } } };
}

/** Users of kubectl, client side and server side, by a word for the command line. */
export const KUBECTL_VARIANTS: Readonly<Record<string, Variant>> = {
  'apply-prune': pruned,
  apply: applied('client side', []),
  'server-side-apply': applied('server side', SERVER_SIDE),
};
