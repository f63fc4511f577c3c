/**
 * Definitions of the resources of others that the manifests of the docs use, just good enough to take any object of
 * the kind: their real schemas belong to Deckhouse and its modules.
 */
const FOREIGN = [
  { group: 'virtualization.deckhouse.io', version: 'v1alpha2', kind: 'VirtualMachine', scope: 'Namespaced' },
  { group: 'deckhouse.io', version: 'v1alpha1', kind: 'ModuleSource', scope: 'Cluster' },
  { group: 'deckhouse.io', version: 'v1alpha2', kind: 'ModuleUpdatePolicy', scope: 'Cluster' },
  { group: 'deckhouse.io', version: 'v1alpha1', kind: 'ModuleConfig', scope: 'Cluster' },
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', scope: 'Namespaced' },
] as const;

export const FOREIGN_DEFINITIONS = FOREIGN.map(({ group, version, kind, scope }) => {
  const plural = kind.toLowerCase().replace(/y$/, 'ie').concat('s');
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
});
