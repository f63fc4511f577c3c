import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
// The one module, because the package's index loads every generated model of the API.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { type Clock, systemClock } from '#lib/runtime/clock.ts';
import { type Random, systemRandom } from '#lib/runtime/random.ts';
import { HttpKubeApi } from './http-kube-api.ts';
import { type ApiServer, HttpTransport } from './http-transport.ts';
import type { KubeApi } from './kube-api.ts';

export interface ConnectOptions {
  /** Path of a kubeconfig, or several as in `KUBECONFIG`. Empty or absent: the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** What the API server's audit log shows: the program and its part. */
  readonly component: string;
  readonly version: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** An API client and the connections that it holds. */
export interface KubeConnection {
  readonly api: KubeApi;
  /** Address of the API server, for the log. */
  readonly server: string;
  /** Hands over, piece by piece, what is at a path that holds no object. Throws `KubeApiError`. */
  scan(path: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void>;
  /** Closes all connections; running requests fail. */
  close(): void;
}

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Reads the configuration; connects with the first request. Throws with a clear message if it is unusable. */
export function connectKubeApi(options: ConnectOptions): KubeConnection {
  const server = apiServer(loadConfig(options.kubeconfig));
  const userAgent = `service-with-healthchecks/${options.version} (${options.component})`;
  const transport = new HttpTransport(server, userAgent, options.clock ?? systemClock);
  return {
    api: new HttpKubeApi(transport, options.random ?? systemRandom),
    server: server.url.origin,
    scan: (path, onChunk, signal) =>
      transport.scan({ method: 'GET', path, what: `get ${path}`, signal }, onChunk),
    close: () => transport.close(),
  };
}

function loadConfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const files = (kubeconfig ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length === 0) {
    if (!existsSync(SERVICE_ACCOUNT_TOKEN)) {
      throw new Error('not inside a cluster (no service account token): give --kubeconfig FILE');
    }
    config.loadFromCluster();
  }
  for (const [index, file] of files.entries()) {
    const part = index === 0 ? config : new KubeConfig();
    try {
      part.loadFromFile(file);
    } catch (cause) {
      // The text of a YAML error shows lines of the file, which may be a token.
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'not a kubeconfig';
      throw new Error(`cannot read kubeconfig ${file}: ${reason}`);
    }
    // The first file's current context wins, as for kubectl.
    if (part !== config) config.mergeConfig(part, true);
  }
  return config;
}

function apiServer(config: KubeConfig): ApiServer {
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster.server === '') {
    throw new Error('kubeconfig has no usable current-context: set one with its cluster and user');
  }
  if (cluster.proxyUrl !== undefined && cluster.proxyUrl !== null) {
    throw new Error(`kubeconfig cluster ${cluster.name}: proxy-url is not supported: connect directly`);
  }
  return { url: new URL(cluster.server), credentials: () => credentialsOf(config) };
}

async function credentialsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // The client's agent has no keep-alive; the transport brings its own.
  const { agent: _, ...credentials } = options;
  return credentials;
}
