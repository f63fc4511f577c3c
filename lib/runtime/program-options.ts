/** Options that controller and agent share, so that one word means the same on both command lines. */
import type { ListenAddress } from './http-server.ts';
import type { LogLevel } from './logger.ts';
import { listenAddress, logLevel, text } from './option-values.ts';
import type { Option } from './options.ts';

/** Written into the bundle by the build. */
declare const PRODUCT_VERSION: string | undefined;

/** Version of the product; started from its sources it has none. */
export const VERSION = typeof PRODUCT_VERSION === 'undefined' ? '0.0.0-source' : PRODUCT_VERSION;

export const kubeconfigOption: Option<string | undefined> = {
  type: text('FILE'),
  env: 'KUBECONFIG',
  help: 'Credentials for the API server',
  fallback: { value: undefined, shown: 'the service account of the pod' },
};

/** `help` says what the program does in the namespace. */
export function namespaceOption(help: string): Option<string> {
  const fallback = { value: 'd8-service-with-healthchecks' };
  return { type: text('NAMESPACE'), env: 'POD_NAMESPACE', help, fallback };
}

/** Metrics are served to the proxy beside the program only, which checks who may read them. */
export function metricsAddressOption(port: number): Option<ListenAddress> {
  const fallback = { value: { host: '127.0.0.1', port }, shown: `127.0.0.1:${port}` };
  return { type: listenAddress, env: 'METRICS_ADDRESS', help: 'Where /metrics is served', fallback };
}

/** Health is served on all addresses: the kubelet asks from outside the pod. */
export function healthAddressOption(port: number): Option<ListenAddress> {
  const fallback = { value: { host: '', port }, shown: `:${port}` };
  return {
    type: listenAddress,
    env: 'HEALTH_ADDRESS',
    help: 'Where /livez and /readyz are served',
    fallback,
  };
}

export const logLevelOption: Option<LogLevel> = {
  type: logLevel,
  env: 'LOG_LEVEL',
  help: 'Records below it are dropped',
  fallback: { value: 'info' },
};
