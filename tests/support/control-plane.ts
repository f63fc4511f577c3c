import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { inject } from 'vitest';
import { ApiClient } from '../../dev/cluster/api-client.ts';
import { readKubeconfig } from '../../dev/cluster/kubeconfig.ts';
import { kubectl } from '../../dev/cluster/kubectl.ts';
import { createNamespace } from '../../dev/cluster/namespace.ts';
import {
  type ServiceAccountTokenSpec,
  writeServiceAccountKubeconfig,
} from '../../dev/cluster/service-account-kubeconfig.ts';
import type { BrokerAnswer } from './control-plane-setup.ts';

/**
 * A real etcd, kube-apiserver and kube-controller-manager (all controllers but node-lifecycle and pod garbage
 * collection) that all test files of a run share. Nobody may stop or pause it: start an own `ControlPlane` for
 * that. Each test file works in namespaces of its own.
 */
export interface SharedControlPlane {
  /** Path of a kubeconfig of the group system:masters. */
  readonly adminKubeconfig: string;
  /** The API as administrator. */
  readonly api: ApiClient;
  /** Makes a namespace with a unique name, ready for pods, and returns the name. Need not be deleted. */
  createNamespace(prefix?: string): Promise<string>;
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Writes a kubeconfig with a token of an existing service account and returns its path. */
  serviceAccountKubeconfig(spec: ServiceAccountTokenSpec): Promise<string>;
}

let shared: Promise<SharedControlPlane> | undefined;

/** The shared control plane; the first call of a run starts it (3 s, or minutes when it must be built). */
export function sharedControlPlane(): Promise<SharedControlPlane> {
  shared ??= ask();
  return shared;
}

async function ask(): Promise<SharedControlPlane> {
  const response = await fetch(inject('controlPlaneBroker'));
  if (!response.ok) throw new Error(`start the shared control plane: ${await response.text()}`);
  // The broker is in control-plane-setup.ts.
  const { adminKubeconfig, runDirectory } = (await response.json()) as BrokerAnswer;
  const api = new ApiClient(readKubeconfig(adminKubeconfig));
  return {
    adminKubeconfig,
    api,
    async createNamespace(prefix = 'test') {
      const name = `${prefix}-${randomBytes(4).toString('hex')}`;
      await createNamespace(api, name);
      return name;
    },
    kubectl: (args, input) => kubectl(adminKubeconfig, args, input),
    serviceAccountKubeconfig: (spec) =>
      writeServiceAccountKubeconfig(adminKubeconfig, join(runDirectory, 'pki'), spec),
  };
}
