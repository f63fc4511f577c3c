import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helm } from '../cluster/helm.ts';
import { NAMESPACE, type TakeOverRig } from './rig.ts';

/** A release of the real Helm in the rig's namespace. Every method rejects with what Helm says. */
export interface HelmRelease {
  readonly name: string;
  /** Installs or upgrades to a chart that consists of exactly these objects. */
  upgrade(objects: readonly object[], flags?: readonly string[]): Promise<void>;
  /** Goes back to a revision. */
  rollback(revision: number, flags?: readonly string[]): Promise<void>;
  uninstall(): Promise<void>;
}

/** The release of that name; it need not exist yet. */
export function helmRelease({ cluster: { host, controlPlane } }: TakeOverRig, name: string): HelmRelease {
  const directory = host.directory(`helm-${name}`);
  const place = { kubeconfig: controlPlane.adminKubeconfig, directory };
  const run = async (args: readonly string[]) => {
    await helm(place, [...args, '--namespace', NAMESPACE]);
  };
  return {
    name,
    upgrade(objects, flags = []) {
      const chart = mkdtempSync(join(directory, 'chart-'));
      writeChart(chart, objects);
      return run(['upgrade', '--install', name, chart, ...flags]);
    },
    rollback: (revision, flags = []) => run(['rollback', name, `${revision}`, ...flags]),
    uninstall: () => run(['uninstall', name, '--ignore-not-found']),
  };
}

/** JSON is YAML, and without two braces side by side it is also its own template. */
function writeChart(directory: string, objects: readonly object[]): void {
  mkdirSync(join(directory, 'templates'), { recursive: true });
  const chart = { apiVersion: 'v2', name: 'web', version: '1.0.0' };
  writeFileSync(join(directory, 'Chart.yaml'), JSON.stringify(chart));
  for (const [index, object] of objects.entries()) {
    writeFileSync(join(directory, 'templates', `object-${index}.yaml`), JSON.stringify(object, undefined, 1));
  }
}
