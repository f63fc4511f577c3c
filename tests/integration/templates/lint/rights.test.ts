/** The rules of Deckhouse's linter over rights of the rendered chart. */
import { describe } from 'vitest';
import { checkRendered, complain, type RenderedRule } from '../../../support/rendered-lint.ts';
import { ofKind } from '../../../support/rendered-workloads.ts';

const MODULE = 'service-with-healthchecks';
const NAMESPACE = `d8-${MODULE}`;

const RBAC_RULES: readonly RenderedRule[] = [
  {
    rule: 'rbac/placement of ServiceAccounts',
    findings: (rendered) =>
      rendered
        .filter(({ object }) => object.kind === 'ServiceAccount')
        .flatMap(({ template, object: { metadata } }) =>
          complain(
            template === `templates/${metadata.name}/rbac-for-us.yaml` && metadata.namespace === NAMESPACE,
            `${template}: ${metadata.name}`,
          ),
        ),
  },
  {
    rule: 'rbac/placement of ClusterRoles',
    findings: (rendered) =>
      rendered
        .filter(({ object }) => object.kind.startsWith('ClusterRole'))
        .filter(({ template }) => !/^templates\/(?:rbacv2\/|user-authz-cluster-roles)/.test(template))
        .flatMap(({ template, object: { metadata } }) => {
          const part = /^templates\/(\w+)\/rbac-for-us\.yaml$/.exec(template)?.[1];
          return complain(metadata.name.startsWith(`d8:${MODULE}:${part}`), `${template}: ${metadata.name}`);
        }),
  },
  {
    rule: 'rbac/placement of Roles',
    findings: (rendered) =>
      rendered
        .filter(({ object }) => object.kind === 'Role' || object.kind === 'RoleBinding')
        .flatMap(({ template, object: { metadata } }) => {
          const part = /^templates\/(\w+)\/rbac-for-us\.yaml$/.exec(template)?.[1];
          const prefix = template === 'templates/rbac-to-us.yaml' ? `access-to-${MODULE}` : part;
          const isPlaced = prefix !== undefined && metadata.name.startsWith(prefix);
          return complain(isPlaced && metadata.namespace === NAMESPACE, `${template}: ${metadata.name}`);
        }),
  },
  {
    rule: 'rbac/user-authz',
    findings: (rendered) =>
      rendered
        .filter(({ template }) => template === 'templates/user-authz-cluster-roles.yaml')
        .flatMap(({ object: { metadata } }) => {
          const level = metadata.annotations?.['user-authz.deckhouse.io/access-level'] ?? '';
          const kebab = level.replaceAll(/(?<!^)(?=[A-Z])/g, '-').toLowerCase();
          return complain(metadata.name === `d8:user-authz:${MODULE}:${kebab}`, `${metadata.name}: ${level}`);
        }),
  },
  {
    rule: 'rbac/wildcards',
    findings: (rendered) =>
      rendered
        .filter(({ object }) => /Role$/.test(object.kind))
        .flatMap(({ object }) =>
          complain(!JSON.stringify(object['rules']).includes('"*"'), object.metadata.name),
        ),
  },
  {
    rule: 'rbac/binding-subject',
    findings: (rendered) => {
      const accounts = ofKind(rendered, 'ServiceAccount').map(({ metadata }) => metadata.name);
      return rendered
        .filter(({ object }) => /RoleBinding$/.test(object.kind))
        .flatMap(({ object }) =>
          // Checked by the API server in the test of the chart.
          (object['subjects'] as readonly Subject[])
            .filter(({ kind, namespace }) => kind === 'ServiceAccount' && namespace === NAMESPACE)
            .flatMap(({ name }) => complain(accounts.includes(name), `${object.metadata.name}: ${name}`)),
        );
    },
  },
  {
    rule: 'rbac/contract of capabilities',
    findings: (rendered) =>
      rendered
        .filter(({ template }) => template.startsWith('templates/rbacv2/'))
        .filter(({ object }) => object.metadata.labels?.['rbac.deckhouse.io/kind'] === 'capability')
        .flatMap(({ object: { metadata } }) => {
          const { name, labels, annotations = {} } = metadata;
          const [, scope, , action] = /^d8:(\w+)-capability:([^:]+):(view|edit)$/.exec(name) ?? [];
          const texts = ['en', 'ru'].flatMap((one) =>
            ['title', 'description'].map((text) => `${one}.meta.deckhouse.io/${text}`),
          );
          const marker = `${scope}-capability.${MODULE}.${action}`;
          return [
            ...complain(labels?.['rbac.deckhouse.io/scope'] === scope, `${name}: scope`),
            ...complain(
              labels?.['rbac.deckhouse.io/capability'] === marker && marker.length <= 63,
              `${name}: ${marker}`,
            ),
            ...texts.flatMap((text) => complain(annotations[text] !== undefined, `${name}: no ${text}`)),
          ];
        }),
  },
];

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

describe('the rules over rights', () => {
  checkRendered(RBAC_RULES);
});
