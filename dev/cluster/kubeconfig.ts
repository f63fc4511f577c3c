import { readFileSync, writeFileSync } from 'node:fs';

/** What a client needs to reach the API server. */
export interface ApiAccess {
  /** `https://host:port` */
  readonly server: string;
  /** PEM of the authority that issued the server's certificate. */
  readonly ca: string;
  /** Bearer token; a secret. */
  readonly token: string;
}

/** Writes a kubeconfig that only this user may read and returns its path. JSON is YAML, so every client takes it. */
export function writeKubeconfig(
  path: string,
  { server, ca, token }: ApiAccess,
  namespace = 'default',
): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'cluster',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user', namespace } }],
    'current-context': 'context',
  };
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return path;
}

/** Reads back what `writeKubeconfig` wrote. */
export function readKubeconfig(path: string): ApiAccess {
  // The shape is the one written above; other people's kubeconfig files are not read here.
  const config = JSON.parse(readFileSync(path, 'utf8')) as WrittenKubeconfig;
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  return { server, ca: Buffer.from(ca, 'base64').toString(), token: config.users[0].user.token };
}

interface WrittenKubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}
