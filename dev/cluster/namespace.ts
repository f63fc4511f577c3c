import { waitFor } from '../process/wait-for.ts';
import type { ApiClient } from './api-client.ts';

/** Makes a namespace and waits until it is ready for pods. Needs a running controller manager. */
export async function createNamespace(api: ApiClient, name: string): Promise<void> {
  await api.post('/api/v1/namespaces', { metadata: { name } });
  // Admission refuses pods before it exists.
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await waitFor(`${account} to exist`, () => api.get<object>(account));
}
