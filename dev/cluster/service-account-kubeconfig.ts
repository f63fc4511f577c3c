import { join } from 'node:path';
import { ApiClient } from './api-client.ts';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';

/** Whose token, and what it is bound to. */
export interface ServiceAccountTokenSpec {
  readonly namespace: string;
  readonly name: string;
  /** A pod or node: the token ends with it and carries the node's name as a claim. */
  readonly boundTo?: { readonly kind: 'Pod' | 'Node'; readonly name: string; readonly uid: string };
  /** Default one day. */
  readonly expirationSeconds?: number;
}

/**
 * Asks for a token of an existing service account through TokenRequest, and writes a kubeconfig with it into
 * `directory`. Returns the path.
 */
export async function writeServiceAccountKubeconfig(
  adminKubeconfig: string,
  directory: string,
  { namespace, name, boundTo, expirationSeconds = 86_400 }: ServiceAccountTokenSpec,
): Promise<string> {
  const access = readKubeconfig(adminKubeconfig);
  const api = new ApiClient(access);
  try {
    const { status } = await api.post<{ readonly status: { readonly token: string } }>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      { spec: { expirationSeconds, ...(boundTo && { boundObjectRef: { apiVersion: 'v1', ...boundTo } }) } },
    );
    const suffix = boundTo === undefined ? '' : `.${boundTo.name}`;
    const file = join(directory, `${namespace}.${name}${suffix}.kubeconfig`);
    return writeKubeconfig(file, { ...access, token: status.token }, namespace);
  } finally {
    api.close();
  }
}
