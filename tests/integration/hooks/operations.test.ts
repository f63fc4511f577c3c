import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { createResidentHook } from '#lib/hook/resident-host.ts';
import { connectKubeApi, type KubeConnection } from '#lib/kube/client-node.ts';
import { CONFIG_MAPS } from '#lib/kube/resources.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { type ShellOperator, startShellOperator } from '../../../dev/operators/shell-operator.ts';
import { ProcessHost } from '../../../dev/process/process-host.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../support/control-plane.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memorySource } from '../../support/memory-api.ts';
import { installRunnerHook, RUNNER_LABEL } from '../../support/operation-runner-hook.ts';
import { OPERATION_VECTORS, type OperationVector } from '../../support/operation-vectors.ts';

/** The same operations, carried out by a real shell-operator and by the resident host, on the same API server. */

let host: ProcessHost;
let cluster: SharedControlPlane;
let operator: ShellOperator;
let connection: KubeConnection;
let operatorNamespace: string;
let residentNamespace: string;
let orders = 0;

beforeAll(async () => {
  cluster = await sharedControlPlane();
  operatorNamespace = await cluster.createNamespace('operations-operator');
  residentNamespace = await cluster.createNamespace('operations-resident');
  host = ProcessHost.open();
  const hooks = installRunnerHook(host);
  operator = await startShellOperator(host, { name: 'operator', kubeconfig: cluster.adminKubeconfig, hooks });
  connection = connectKubeApi({ kubeconfig: cluster.adminKubeconfig, component: 'test', version: '0' });
  await wakeUp();
});

afterAll(async () => {
  await host?.close();
  await connection?.close();
});

const mapsIn = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;

async function order(operations: string): Promise<void> {
  orders += 1;
  const metadata = { name: `order-${orders}`, labels: { [RUNNER_LABEL]: 'run' } };
  await cluster.api.post(mapsIn(operatorNamespace), { metadata, data: { operations } });
}

/** An operator that is just starting may count the first order among what was there before. */
async function wakeUp(): Promise<void> {
  await waitFor(
    'the operator to run its hook',
    async () => {
      await order('');
      return (await operator.runs()).succeeded > 0 ? true : undefined;
    },
    { intervalMs: 500 },
  );
  await settledRuns();
}

/** Waits until the operator has nothing more to do. */
async function settledRuns(): Promise<void> {
  let last = -1;
  await waitFor(
    'the operator to come to rest',
    async () => {
      const { succeeded, failed } = await operator.runs();
      const isSame = succeeded + failed === last;
      last = succeeded + failed;
      return isSame ? true : undefined;
    },
    { intervalMs: 1_000 },
  );
}

async function byOperator(vector: OperationVector): Promise<string> {
  const before = await operator.runs();
  const lines = vector.operations(operatorNamespace).map((one) => `${JSON.stringify(one)}\n`);
  await order(lines.join(''));
  return waitFor('the run to end', async () => {
    const { succeeded, failed } = await operator.runs();
    if (succeeded > before.succeeded) return 'succeeds';
    return failed > before.failed ? 'fails' : undefined;
  });
}

async function byResident(vector: OperationVector): Promise<string> {
  // The vectors that only an operator can carry out are left out below.
  const operations = vector.operations(residentNamespace) as readonly Operation[];
  const hook: Hook = {
    name: 'vector',
    config: { configVersion: 'v1', kubernetes: [{ name: 'all', apiVersion: 'v1', kind: 'ConfigMap' }] },
    keysOf: () => ['key'],
    reconcile: () => operations,
  };
  const clock = new FakeClock();
  const logger = createJsonLogger({ level: 'error' });
  const sources = { all: memorySource(CONFIG_MAPS) };
  const resident = createResidentHook({ hook, api: connection.api, clock, logger, sources });
  const { signal } = new AbortController();
  try {
    const result = await resident.reconcile('key', signal);
    if (result.kind === 'requeueAfter') {
      await clock.advance(result.ms);
      await resident.reconcile('key', signal);
    }
    return 'succeeds';
  } catch {
    return 'fails';
  }
}

/** Brings about what is before the run, has it run, and tells how it ended and what is there. */
async function outcomeOf(
  vector: OperationVector,
  namespace: string,
  run: (vector: OperationVector) => Promise<string>,
): Promise<unknown> {
  const { api } = cluster;
  const path = `${mapsIn(namespace)}/one`;
  await api.delete(path).catch(() => {});
  if (vector.before !== undefined) {
    await api.post(mapsIn(namespace), { metadata: { name: 'one' }, data: vector.before });
  }
  const ended = await run(vector);
  const found = await api.get<KubernetesObject & { readonly data?: unknown }>(path).catch(() => undefined);
  return { ended, data: found?.data };
}

describe.each(OPERATION_VECTORS)('$name', (vector) => {
  const want = { ended: vector.want, data: vector.data };

  it('under shell-operator', async () => {
    expect(await outcomeOf(vector, operatorNamespace, byOperator)).toEqual(want);
  });
});

describe.each(OPERATION_VECTORS.filter(({ isOperatorOnly }) => isOperatorOnly !== true))(
  '$name',
  (vector) => {
    it('resident', async () => {
      const want = { ended: vector.want, data: vector.data };
      expect(await outcomeOf(vector, residentNamespace, byResident)).toEqual(want);
    });
  },
);
