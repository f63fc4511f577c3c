import { listenAddress, logLevel, text } from '#lib/runtime/option-values.ts';
import type { Option, OptionSet, OptionValues, Program } from '#lib/runtime/options.ts';

/** Written into the bundle by the build. */
declare const PRODUCT_VERSION: string | undefined;

const VERSION = typeof PRODUCT_VERSION === 'undefined' ? '0.0.0-source' : PRODUCT_VERSION;

const KUBECONFIG: Option<string | undefined> = {
  type: text('FILE'),
  env: 'KUBECONFIG',
  help: 'Credentials for the API server',
  fallback: { value: undefined, shown: 'the service account of the pod' },
};

const OPTIONS = {
  kubeconfig: KUBECONFIG,
  'node-name': { type: text('NODE'), env: 'NODE_NAME', help: 'Node whose pods are probed' },
  namespace: {
    type: text('NAMESPACE'),
    env: 'POD_NAMESPACE',
    help: 'Namespace that the agent runs in',
    fallback: { value: 'd8-service-with-healthchecks' },
  },
  'metrics-address': {
    type: listenAddress,
    env: 'METRICS_ADDRESS',
    help: 'Where /metrics is served',
    fallback: { value: { host: '127.0.0.1', port: 9874 }, shown: '127.0.0.1:9874' },
  },
  'health-address': {
    type: listenAddress,
    env: 'HEALTH_ADDRESS',
    help: 'Where /livez and /readyz are served',
    fallback: { value: { host: '', port: 9873 }, shown: ':9873' },
  },
  'log-level': {
    type: logLevel,
    env: 'LOG_LEVEL',
    help: 'Records below it are dropped',
    fallback: { value: 'info' },
  },
} as const satisfies OptionSet;

export type AgentOptions = OptionValues<typeof OPTIONS>;

/** The agent as its command line shows it. */
export const PROGRAM: Program<typeof OPTIONS> = {
  name: 'agent',
  version: VERSION,
  summary: 'probes the pods of its node and publishes EndpointSlices of ServiceWithHealthchecks objects',
  options: OPTIONS,
};
