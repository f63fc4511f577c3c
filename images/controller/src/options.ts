import { bool, listenAddress, logLevel, text } from '#lib/runtime/option-values.ts';
import type { Option, OptionValues, Program } from '#lib/runtime/options.ts';

/** Written into the bundle by the build. */
declare const PRODUCT_VERSION: string | undefined;

export const VERSION = typeof PRODUCT_VERSION === 'undefined' ? '0.0.0-source' : PRODUCT_VERSION;

const KUBECONFIG: Option<string | undefined> = {
  type: text('FILE'),
  env: 'KUBECONFIG',
  help: 'Credentials for the API server',
  fallback: { value: undefined, shown: 'the service account of the pod' },
};

const OPTIONS = {
  kubeconfig: KUBECONFIG,
  namespace: {
    type: text('NAMESPACE'),
    env: 'POD_NAMESPACE',
    help: 'Namespace of the leader Lease',
    fallback: { value: 'd8-service-with-healthchecks' },
  },
  'leader-elect': {
    type: bool,
    env: 'LEADER_ELECT',
    help: 'Act only while holding the Lease',
    fallback: { value: true },
  },
  'hand-over': {
    type: bool,
    env: 'HAND_OVER',
    help: 'Give every Service back to the standard controllers, then end',
    fallback: { value: false },
  },
  'metrics-address': {
    type: listenAddress,
    env: 'METRICS_ADDRESS',
    help: 'Where /metrics is served',
    fallback: { value: { host: '127.0.0.1', port: 8080 }, shown: '127.0.0.1:8080' },
  },
  'health-address': {
    type: listenAddress,
    env: 'HEALTH_ADDRESS',
    help: 'Where /livez and /readyz are served',
    fallback: { value: { host: '', port: 4250 }, shown: ':4250' },
  },
  'log-level': {
    type: logLevel,
    env: 'LOG_LEVEL',
    help: 'Records below it are dropped',
    fallback: { value: 'info' },
  },
} as const satisfies Program<Readonly<Record<string, Option<unknown>>>>['options'];

export type ControllerOptions = OptionValues<typeof OPTIONS>;

/** The controller as its command line shows it. */
export const PROGRAM: Program<typeof OPTIONS> = {
  name: 'controller',
  version: VERSION,
  summary: 'keeps the child Services and the statuses of ServiceWithHealthchecks objects',
  options: OPTIONS,
};
