import type { Settings } from '../../dev/chart/chart-values.ts';
import { manifestOf, renderChart, withoutWorkloads } from '../../dev/chart/render-chart.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { type SharedControlPlane, sharedControlPlane } from './control-plane.ts';

const RESOURCE_DEFINITION = new URL('../../crds/servicewithhealthchecks.yaml', import.meta.url).pathname;

/** The shared control plane with the rendered chart on it, workloads aside, and a namespace to work in. */
export interface InstalledModule {
  readonly cluster: SharedControlPlane;
  readonly namespace: string;
  /** Credentials of the controller's service account, with the rights of the chart. */
  readonly kubeconfig: string;
}

/** Installs the module, as often as is asked, and waits until its resource is served. */
export async function installModule(
  namespacePrefix: string,
  settings: Settings = {},
): Promise<InstalledModule> {
  const cluster = await sharedControlPlane();
  const apply = ['apply', '--server-side', '--force-conflicts', '-f'];
  await cluster.kubectl([...apply, RESOURCE_DEFINITION]);
  await cluster.kubectl([...apply, '-'], manifestOf(withoutWorkloads(await renderChart({ settings }))));
  const namespace = await cluster.createNamespace(namespacePrefix);
  const objects = `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
  await waitFor('the resource to be served', () => cluster.api.get(objects));
  const account = { namespace: 'd8-service-with-healthchecks', name: 'controller' };
  return { cluster, namespace, kubeconfig: await cluster.serviceAccountKubeconfig(account) };
}
