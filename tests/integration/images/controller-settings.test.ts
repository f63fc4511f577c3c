import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { ApiError } from '../../../dev/cluster/api-client.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { PROBE_SECRETS } from '../../../hooks/probe-secret-access.ts';
import type { Status } from '../../../images/controller/src/status/status.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { ControllerProgram } from '../../support/controller-program.ts';
import { installModule } from '../../support/installed-module.ts';

type Swh = KubernetesObject & { readonly status?: Status };

const SELECTED = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
const POSTGRESQL = { mode: 'PostgreSQL', postgreSQL: { targetPort: 5432, authSecretName: 'access' } };

let cluster: SharedControlPlane;
let namespace: string;
let controller: ControllerProgram;

beforeAll(async () => {
  const installed = await installModule('settings');
  ({ cluster, namespace } = installed);
  const granting = new ControllerProgram(installed.kubeconfig);
  try {
    await create('ledger', { ...SELECTED, healthcheck: { probes: [POSTGRESQL] } });
    await waitFor('the Secret to be granted', () => grants());
  } finally {
    await granting.terminate();
  }
  const { kubeconfig } = await installModule('settings', { probeSecretAccess: false });
  controller = new ControllerProgram(kubeconfig, ['--adoption-policy=Refuse', '--probe-secret-access=false']);
  await controller.recordOf('leading');
});

afterAll(async () => {
  await controller?.terminate();
  // The other test files of the run expect the defaults.
  await installModule('settings');
});

it('probe-secret-access=false takes back what was granted, with the rights that the chart then gives', async () => {
  await waitFor('the grants to go', async () => (await isGone(grants)) || undefined);
  await create('late', { ...SELECTED, healthcheck: { probes: [POSTGRESQL] } });
  await settled('late', 'ChildServiceWasCreated');
  expect(await isGone(grants)).toBe(true);
  expect(controller.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

it.each([
  { name: 'says-nothing', spec: {}, reason: 'ChildServiceConflict' },
  { name: 'adopts', spec: { adoptionPolicy: 'Adopt' }, reason: 'ChildServiceAdopting' },
])('adoption-policy=Refuse holds for an object that names none: $name', async ({ name, spec, reason }) => {
  await cluster.api.post<Service>(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: SELECTED,
  });
  await create(name, { ...SELECTED, ...spec });
  await settled(name, reason);
});

async function create(name: string, spec: object): Promise<void> {
  const type = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks' };
  await cluster.api.post(objects(), { ...type, metadata: { name }, spec });
}

async function settled(name: string, reason: string): Promise<void> {
  await waitFor(`${name} to have reason ${reason}`, async () => {
    const { status } = await cluster.api.get<Swh>(`${objects()}/${name}`);
    const condition = status?.conditions?.find(({ type }) => type === 'ChildServiceReady');
    return condition?.reason === reason || undefined;
  });
}

function objects(): string {
  return `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
}

/** The Role and the RoleBinding of the namespace; rejects when one is missing. */
function grants(): Promise<readonly object[]> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  return Promise.all(
    ['roles', 'rolebindings'].map((kind) => cluster.api.get<object>(`${path}/${kind}/${PROBE_SECRETS}`)),
  );
}

async function isGone(read: () => Promise<unknown>): Promise<boolean> {
  return read().then(
    () => false,
    (error: unknown) => error instanceof ApiError && error.status === 404,
  );
}
