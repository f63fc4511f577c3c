import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestOf } from '../../../dev/chart/render-chart.ts';
import { ApiError } from '../../../dev/cluster/api-client.ts';
import { ControlPlane } from '../../../dev/cluster/control-plane.ts';
import { ProcessHost } from '../../../dev/process/process-host.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { CHART_VARIANTS, OPTIONAL_KINDS } from '../../support/chart-variants.ts';
import { renderedVariant } from '../../support/rendered-lint.ts';
import { type Workload, workloadsOf } from '../../support/rendered-workloads.ts';

const RESTRICTED = 'restricted';

describe('a real API server', () => {
  let host: ProcessHost;
  let controlPlane: ControlPlane;

  beforeAll(async () => {
    host = ProcessHost.open();
    controlPlane = await ControlPlane.start(host, { controllerManager: 'none', audit: 'none' });
    const namespaces = [
      { name: 'd8-monitoring' },
      { name: RESTRICTED, labels: podSecurityLabels(RESTRICTED) },
    ];
    for (const metadata of namespaces) await controlPlane.api.post('/api/v1/namespaces', { metadata });
    for (const kind of Object.values(OPTIONAL_KINDS)) await defineKind(controlPlane, kind);
  });

  afterAll(() => host.close());

  // One after the other on one cluster, so that each is also an upgrade of the one before it.
  it.each(CHART_VARIANTS)('accepts every object: $name', async ({ name }) => {
    const apply = ['apply', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'];
    const objects = await renderedVariant(name);
    const output = await controlPlane.kubectl(apply, manifestOf(objects));
    expect(output.trim().split('\n')).toHaveLength(objects.length);
  });

  it.each(CHART_VARIANTS)('lets the pods run under the restricted level: $name', async ({ name }) => {
    for (const workload of workloadsOf(await renderedVariant(name))) {
      const isExcepted = workload.spec.template.spec.hostNetwork === true;
      expect(await violations(workload)).toEqual(isExcepted ? HOST_NETWORK : []);
    }
  });

  /** What Pod Security holds against the pods of a workload. */
  async function violations({ metadata, spec }: Workload): Promise<readonly string[]> {
    const pod = { metadata: { name: metadata.name }, spec: spec.template.spec };
    try {
      await controlPlane.api.post(`/api/v1/namespaces/${RESTRICTED}/pods?dryRun=All`, pod);
      return [];
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 403)) throw error;
      return (/violates PodSecurity "[^"]+": (.*)$/.exec(error.message)?.[1] ?? error.message).split(', ');
    }
  }
});

/** The exception that the setting HostNetwork states, and nothing beside it. */
const HOST_NETWORK = [
  'host namespaces (hostNetwork=true)',
  'hostPort (containers "agent"',
  '"kube-rbac-proxy" use hostPorts 4252',
  '4254)',
];

function podSecurityLabels(level: string): Readonly<Record<string, string>> {
  return {
    'pod-security.kubernetes.io/enforce': level,
    'pod-security.kubernetes.io/enforce-version': 'latest',
  };
}

const CLUSTER_WIDE: readonly string[] = [OPTIONAL_KINDS.dashboard];

/** Defines a kind of another module without its rules, so that objects of it can be applied. */
async function defineKind(controlPlane: ControlPlane, id: string): Promise<void> {
  const [group = '', version = '', kind = ''] = id.split('/');
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  await controlPlane.api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: {
      name: `${plural}.${group}`,
      // Groups below k8s.io ask who has approved a definition.
      annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in without rules' },
    },
    spec: {
      group,
      names: { kind, plural, singular },
      scope: CLUSTER_WIDE.includes(id) ? 'Cluster' : 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  });
  await waitFor(`${plural} to be served`, () =>
    controlPlane.api.get<object>(`/apis/${group}/${version}/${plural}`),
  );
}
