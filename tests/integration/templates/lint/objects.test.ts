/** The rules of Deckhouse's linter over objects of the rendered chart. */
import { describe } from 'vitest';
import type { Rendered } from '../../../../dev/chart/render-chart.ts';
import { OPTIONAL_KINDS } from '../../../support/chart-variants.ts';
import { checkRendered, complain, type RenderedRule } from '../../../support/rendered-lint.ts';
import { ofKind, workloadsOf } from '../../../support/rendered-workloads.ts';

const MODULE = 'service-with-healthchecks';
const NAMESPACE = `d8-${MODULE}`;

const UPDATE_MODES = ['Initial', 'InPlaceOrRecreate', 'Recreate', 'Off'];

/** The versions that the API server prefers for what the chart makes. */
const API_VERSIONS: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  DaemonSet: 'apps/v1',
  PodDisruptionBudget: 'policy/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ValidatingAdmissionPolicy: 'admissionregistration.k8s.io/v1',
};

const OBJECT_RULES: readonly RenderedRule[] = [
  {
    rule: 'container/recommended-labels',
    findings: (rendered) =>
      rendered.flatMap(({ object: { kind, metadata } }) =>
        complain(
          metadata.labels?.['heritage'] === 'deckhouse' && metadata.labels['module'] === MODULE,
          `${kind} ${metadata.name}`,
        ),
      ),
  },
  {
    rule: 'container/namespace-labels',
    findings: (rendered) =>
      ofKind(rendered, 'Namespace').flatMap(({ metadata: { labels } }) =>
        complain(
          labels?.['prometheus.deckhouse.io/rules-watcher-enabled'] === 'true',
          'rules-watcher-enabled',
        ),
      ),
  },
  {
    rule: 'container/api-version',
    findings: (rendered) =>
      rendered.flatMap(({ object: { apiVersion, kind } }) =>
        complain(
          API_VERSIONS[kind] === undefined || API_VERSIONS[kind] === apiVersion,
          `${kind} ${apiVersion}`,
        ),
      ),
  },
  {
    rule: 'templates/vpa',
    needs: OPTIONAL_KINDS.vpa,
    findings: (rendered) =>
      workloadsOf(rendered).flatMap(({ kind, metadata, spec }) => {
        const vpa = vpasOf(rendered).find(
          ({ targetRef }) => targetRef.kind === kind && targetRef.name === metadata.name,
        );
        if (vpa === undefined) return [`no VPA for ${metadata.name}`];
        const names = vpa.resourcePolicy.containerPolicies.map(({ containerName }) => containerName);
        return [
          ...complain(UPDATE_MODES.includes(vpa.updatePolicy.updateMode), vpa.updatePolicy.updateMode),
          ...complain(
            sameSet(
              names,
              spec.template.spec.containers.map(({ name }) => name),
            ),
            `containers ${names}`,
          ),
          ...vpa.resourcePolicy.containerPolicies.flatMap(({ containerName, minAllowed, maxAllowed }) =>
            (['cpu', 'memory'] as const).flatMap((one) =>
              complain(
                Number.parseInt(minAllowed[one], 10) < Number.parseInt(maxAllowed[one], 10),
                `${containerName}: ${one}`,
              ),
            ),
          ),
        ];
      }),
  },
  {
    rule: 'templates/pdb',
    findings: (rendered) =>
      workloadsOf(rendered)
        .filter(({ kind }) => kind === 'Deployment')
        .flatMap(({ metadata, spec }) =>
          complain(
            pdbsOf(rendered).some(({ selector: { matchLabels } }) =>
              Object.entries(matchLabels).every(
                ([key, value]) => spec.template.metadata.labels?.[key] === value,
              ),
            ),
            `no PodDisruptionBudget for ${metadata.name}`,
          ),
        ),
  },
  {
    rule: 'templates/kube-rbac-proxy',
    findings: (rendered) =>
      complain(
        ofKind(rendered, 'ConfigMap').some(
          ({ metadata: { name, namespace } }) => name === 'kube-rbac-proxy-ca.crt' && namespace === NAMESPACE,
        ),
        'no certificate of the authority in the namespace',
      ),
  },
  {
    rule: 'templates/monitor-source-label',
    needs: OPTIONAL_KINDS.podMonitor,
    findings: (rendered) => {
      const monitors = ofKind(rendered, 'PodMonitor');
      return [
        ...complain(monitors.length > 0, 'no PodMonitor'),
        ...monitors.flatMap((monitor) =>
          complain(
            /\{"targetLabel":"d8_source","replacement":"dkp"\}/.test(JSON.stringify(monitor)),
            monitor.metadata.name,
          ),
        ),
      ];
    },
  },
];

interface Vpa {
  readonly targetRef: { readonly kind: string; readonly name: string };
  readonly updatePolicy: { readonly updateMode: string };
  readonly resourcePolicy: {
    readonly containerPolicies: readonly {
      readonly containerName: string;
      readonly minAllowed: { readonly cpu: string; readonly memory: string };
      readonly maxAllowed: { readonly cpu: string; readonly memory: string };
    }[];
  };
}

function vpasOf(objects: readonly Rendered[]): readonly Vpa[] {
  // Objects of our own chart, in the form of its template.
  return ofKind(objects, 'VerticalPodAutoscaler').map((object) => object['spec'] as Vpa);
}

function pdbsOf(
  objects: readonly Rendered[],
): readonly { readonly selector: { readonly matchLabels: object } }[] {
  // Checked by the API server in the test of the chart.
  return ofKind(objects, 'PodDisruptionBudget').map(
    (object) => object['spec'] as { readonly selector: { readonly matchLabels: object } },
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

describe('the rules over objects', () => {
  checkRendered(OBJECT_RULES);
});
