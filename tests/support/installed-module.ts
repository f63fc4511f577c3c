import { waitFor } from '../../dev/process/wait-for.ts';
import { type SharedControlPlane, sharedControlPlane } from './control-plane.ts';

const MANIFESTS = [
  'crds/servicewithhealthchecks.yaml',
  'templates/namespace.yaml',
  'templates/agent/rbac-for-us.yaml',
  'templates/controller/admission-policy.yaml',
  'templates/controller/rbac-for-us.yaml',
].map((path) => new URL(`../../${path}`, import.meta.url).pathname);

/** The shared control plane with the module's manifests on it, and a namespace to work in. */
export interface InstalledModule {
  readonly cluster: SharedControlPlane;
  readonly namespace: string;
  /** Credentials of the controller's service account, with the rights of the chart. */
  readonly kubeconfig: string;
}

/** Installs the module, as often as is asked, and waits until its resource is served. */
export async function installModule(namespacePrefix: string): Promise<InstalledModule> {
  const cluster = await sharedControlPlane();
  for (const path of MANIFESTS) {
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', path]);
  }
  const namespace = await cluster.createNamespace(namespacePrefix);
  const objects = `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
  await waitFor('the resource to be served', () => cluster.api.get(objects));
  const account = { namespace: 'd8-service-with-healthchecks', name: 'controller' };
  return { cluster, namespace, kubeconfig: await cluster.serviceAccountKubeconfig(account) };
}
