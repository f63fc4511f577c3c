import type { Platform, Settings } from '../../dev/chart/chart-values.ts';

/** Kinds of other modules that the chart asks for. */
export const OPTIONAL_KINDS = {
  vpa: 'autoscaling.k8s.io/v1/VerticalPodAutoscaler',
  podMonitor: 'monitoring.coreos.com/v1/PodMonitor',
  prometheusRule: 'monitoring.coreos.com/v1/PrometheusRule',
  dashboard: 'deckhouse.io/v1/GrafanaDashboardDefinition',
  exception: 'deckhouse.io/v1alpha1/SecurityPolicyException',
} as const;

const ALL_KINDS = Object.values(OPTIONAL_KINDS);
const ALL: Platform = { masters: 3, apis: ALL_KINDS };

/** One way in which the chart is installed. */
export interface ChartVariant {
  readonly name: string;
  readonly platform: Platform;
  readonly settings?: Settings;
}

/** A cluster of each kind, and each setting with every value that it has or that makes a difference. */
export const CHART_VARIANTS: readonly ChartVariant[] = [
  { name: 'one master, nothing else installed', platform: { masters: 1 } },
  { name: 'one master, everything installed', platform: { masters: 1, apis: ALL_KINDS } },
  { name: 'three masters, nothing else installed', platform: { masters: 3 } },
  { name: 'three masters, everything installed', platform: ALL },
  { name: 'VPA without monitoring', platform: { masters: 3, apis: [OPTIONAL_KINDS.vpa] } },
  {
    name: 'monitoring without VPA',
    platform: { masters: 3, apis: [OPTIONAL_KINDS.podMonitor, OPTIONAL_KINDS.prometheusRule] },
  },
  { name: 'a control plane elsewhere, nodes for the system', platform: { masters: 0, systemNodes: 2 } },
  { name: 'a control plane elsewhere, no nodes for the system', platform: { masters: 0 } },
  { name: 'the role model before 1.78', platform: { ...ALL, deckhouseVersion: 'v1.77.9' } },
  { name: 'a build of Deckhouse without a number', platform: { ...ALL, deckhouseVersion: 'dev' } },
  { name: 'redundancy switched off globally', platform: { ...ALL, highAvailability: false } },
  { name: 'redundancy wanted globally', platform: { masters: 0, highAvailability: true } },
  { name: 'redundancy on one master', platform: { masters: 1, highAvailability: true } },
  { name: 'highAvailability: true', platform: { masters: 0 }, settings: { highAvailability: true } },
  {
    name: 'highAvailability: false',
    platform: { ...ALL, highAvailability: true },
    settings: { highAvailability: false },
  },
  ...['Debug', 'Warn', 'Error'].map((logLevel) => ({
    name: `logLevel: ${logLevel}`,
    platform: ALL,
    settings: { logLevel },
  })),
  ...['AdoptAlways', 'Refuse'].map((adoptionPolicy) => ({
    name: `adoptionPolicy: ${adoptionPolicy}`,
    platform: ALL,
    settings: { adoptionPolicy },
  })),
  { name: 'probeSecretAccess: false', platform: ALL, settings: { probeSecretAccess: false } },
  { name: 'networkMode: HostNetwork', platform: ALL, settings: { agent: { networkMode: 'HostNetwork' } } },
  {
    name: 'networkMode: HostNetwork without exceptions from policies',
    platform: { masters: 1 },
    settings: { agent: { networkMode: 'HostNetwork' } },
  },
  {
    name: 'resources of the agent',
    platform: ALL,
    settings: { agent: { resources: { cpu: '99999m', memory: '300Mi' } } },
  },
  {
    name: 'resources of the controller',
    platform: ALL,
    settings: { controller: { resources: { cpu: '50m', memory: '99999Mi' } } },
  },
];
