import { familiesOf, SERVICE_NAME, type ServiceModel } from './world.ts';

/** The Service as its user writes it. */
export function serviceManifest(service: ServiceModel): object {
  return { apiVersion: 'v1', kind: 'Service', ...parts(service, {}) };
}

/** The twin: the same spec with a `healthcheck` section. */
export function twinManifest(service: ServiceModel, healthcheck: object): object {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    ...parts(service, { healthcheck }),
  };
}

function parts(service: ServiceModel, more: object): object {
  const { labels, annotations } = service;
  return { metadata: { name: SERVICE_NAME, labels, annotations }, spec: { ...specOf(service), ...more } };
}

function specOf(service: ServiceModel): object {
  const { labels: _, annotations: _annotations, isHeadless, families, ports, ...rest } = service;
  return {
    ...rest,
    ...(ports.length === 0 ? {} : { ports }),
    ...(isHeadless ? { clusterIP: 'None' } : {}),
    ...(families.policy === undefined ? {} : { ipFamilyPolicy: families.policy }),
    ...(families.isExplicit ? { ipFamilies: familiesOf(service) } : {}),
  };
}
