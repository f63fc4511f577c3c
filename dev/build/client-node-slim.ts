import type { Plugin } from 'esbuild';

/**
 * Of `@kubernetes/client-node` only `KubeConfig` is used: kubeconfig files, the service account, client
 * certificates, tokens and exec plugins. HTTP is done by `lib/kube/http-transport.ts`. What `KubeConfig` drags in
 * beside that would be most of the bundle and a third of the resident memory.
 */
const REPLACED: Readonly<Record<string, string>> = {
  // The generated models of the whole API and undici: only behind `makeApiClient` and `applySecurityAuthentication`.
  './gen/index.js': unavailable(['createConfiguration', 'ServerConfiguration']),
  undici: unavailable(['Agent', 'ProxyAgent']),
  './middleware.js': unavailable(['setHeaderMiddleware']),
  // Only for clusters with `proxy-url`, which lib/kube/client-node.ts refuses.
  'socks-proxy-agent': unavailable(['SocksProxyAgent']),
  socks: unavailable(['SocksClient']),
  hpagent: unavailable(['HttpProxyAgent', 'HttpsProxyAgent']),
  // Deprecated in-tree credential plugins; exec plugins took their place.
  './azure_auth.js': authenticator('AzureAuth', 'azure'),
  './gcp_auth.js': authenticator('GoogleCloudPlatformAuth', 'gcp'),
  './oidc_auth.js': authenticator('OpenIDConnectAuth', 'oidc'),
};

/** The esbuild plugin that leaves these modules out; to use one all the same is a clear error at run time. */
export function clientNodeSlim(): Plugin {
  return {
    name: 'client-node-slim',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, importer }) =>
        REPLACED[path] !== undefined && importer.includes('@kubernetes/client-node/')
          ? { path, namespace: 'client-node-slim' }
          : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'client-node-slim' }, ({ path }) => ({
        contents: REPLACED[path] ?? '',
        loader: 'js',
      }));
    },
  };
}

function unavailable(names: readonly string[]): string {
  return names
    .map((name) => `export function ${name}() { throw new Error('${name} is not part of this build'); }`)
    .join('\n');
}

function authenticator(name: string, provider: string): string {
  return `export class ${name} {
    isAuthProvider(user) { return user.authProvider?.name === '${provider}'; }
    applyAuthentication() {
      throw new Error('auth provider ${provider} is not supported: use an exec plugin or a token');
    }
  }`;
}
