import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Secret } from '#lib/core/kubernetes.ts';
import { connectKubeApi, type KubeConnection } from '#lib/kube/client-node.ts';
import { Informer } from '#lib/kube/informer.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { SECRETS } from '#lib/kube/resources.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { systemRandom } from '#lib/runtime/random.ts';
import { ControlPlane } from '../../../../dev/cluster/control-plane.ts';
import { readKubeconfig, writeKubeconfig } from '../../../../dev/cluster/kubeconfig.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { silentLogger } from '../../../support/silent-logger.ts';
import { TcpProxy } from '../../../support/tcp-proxy.ts';

/** An own control plane, because the tests restart its API server. */
let host: ProcessHost;
let controlPlane: ControlPlane;
/** Straight to the API server. */
let direct: KubeConnection;

beforeAll(async () => {
  host = ProcessHost.open();
  controlPlane = await ControlPlane.start(host, { controllerManager: 'none' });
  direct = connect(controlPlane.adminKubeconfig);
});

afterAll(async () => {
  direct.close();
  await host.close();
});

function connect(kubeconfig: string): KubeConnection {
  return connectKubeApi({ kubeconfig, component: 'test', version: '0' });
}

let round = 0;
/** Different for each test. */
let namespace = '';
beforeEach(async () => {
  namespace = `informer-${++round}`;
  await controlPlane.api.post('/api/v1/namespaces', { metadata: { name: namespace } });
});

const aSecret = (name: string): Secret => ({ metadata: { namespace, name } });

/** An informer behind a proxy, and a record of every object that it told of. */
async function startInformer() {
  const proxy = await TcpProxy.start(controlPlane.url);
  const access = {
    ...readKubeconfig(controlPlane.adminKubeconfig),
    server: `https://127.0.0.1:${proxy.port}`,
  };
  const proxied = connect(writeKubeconfig(join(host.directory('proxied'), `${namespace}.json`), access));
  let lists = 0;
  const api: KubeApi = new Proxy(proxied.api, {
    get(target, name: keyof KubeApi) {
      if (name === 'list') lists++;
      return target[name].bind(target);
    },
  });
  const informer = new Informer(
    { api, clock: systemClock, random: systemRandom, logger: silentLogger },
    { resource: SECRETS, scope: { namespace } },
  );
  const appeared = new Set<string>();
  const vanished = new Set<string>();
  informer.onChange(({ previous, current }) => {
    if (previous === undefined) appeared.add(current?.metadata.name ?? '');
    if (current === undefined) vanished.add(previous?.metadata.name ?? '');
  });
  const stop = new AbortController();
  const run = informer.run(stop.signal);
  await informer.whenSynced(AbortSignal.timeout(30_000));
  const end = async () => {
    stop.abort();
    await run;
    proxied.close();
    await proxy.close();
  };
  return { informer, proxy, appeared, vanished, lists: () => lists, end };
}

async function versionsInApi(): Promise<Record<string, string | undefined>> {
  const { items } = await direct.api.list(SECRETS, { namespace });
  return versionsOf(items);
}

function versionsOf(secrets: readonly Secret[]): Record<string, string | undefined> {
  return Object.fromEntries(secrets.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

async function waitUntilEqual(informer: Informer<Secret>): Promise<void> {
  const want = await versionsInApi();
  await waitFor('the informer to know what the API knows', async () => {
    expect(versionsOf(informer.all())).toEqual(want);
    return true;
  });
}

describe('an informer', () => {
  test('loses nothing when its connections are cut again and again', async () => {
    const { informer, proxy, appeared, vanished, lists, end } = await startInformer();
    for (let index = 0; index < 60; index++) {
      await direct.api.create(SECRETS, aSecret(`s-${index}`));
      if (index % 3 === 0) await direct.api.delete(SECRETS, { namespace, name: `s-${index}` });
      if (index % 10 === 5) proxy.cut();
    }
    await waitUntilEqual(informer);
    expect(informer.all()).toHaveLength(40);
    // The watch goes on where it was: even what came and went while it was broken is told.
    expect(appeared.size).toBe(60);
    expect(vanished.size).toBe(20);
    expect(lists()).toBe(1);
    await end();
  });

  test('notices what vanished while the API server forgot the version that it knew', async () => {
    const { informer, proxy, vanished, lists, end } = await startInformer();
    for (const name of ['stays', 'goes', 'changes']) await direct.api.create(SECRETS, aSecret(name));
    await waitUntilEqual(informer);
    proxy.isCut = true;
    proxy.cut();
    await direct.api.delete(SECRETS, { namespace, name: 'goes' });
    await direct.api.mergePatch(SECRETS, { namespace, name: 'changes' }, { data: { a: 'YQ==' } });
    // The history of events lives in the memory of the API server.
    await controlPlane.stopApiServer();
    await controlPlane.startApiServer();
    proxy.isCut = false;
    await waitUntilEqual(informer);
    expect([...vanished]).toEqual(['goes']);
    expect(lists()).toBe(2);
    await end();
  });

  test('goes on after a restart of the API server, and tells that it was blind', async () => {
    const { informer, end } = await startInformer();
    await direct.api.create(SECRETS, aSecret('before'));
    await waitUntilEqual(informer);
    await controlPlane.stopApiServer();
    await waitFor('the informer to notice', async () => informer.staleSinceMs());
    expect(informer.get(`${namespace}/before`)).toBeDefined();
    await controlPlane.startApiServer();
    await direct.api.create(SECRETS, aSecret('after'));
    await waitUntilEqual(informer);
    expect(informer.staleSinceMs()).toBeUndefined();
    await end();
  });

  test('knows an own write before the watch has told of it', async () => {
    const { informer, proxy, end } = await startInformer();
    proxy.isCut = true;
    proxy.cut();
    const written = await direct.api.create(SECRETS, aSecret('own'));
    informer.noteWrite(written);
    expect(informer.get(`${namespace}/own`)).toEqual(written);
    proxy.isCut = false;
    await direct.api.replace(SECRETS, { ...written, data: { a: 'YQ==' } });
    await waitUntilEqual(informer);
    await end();
  });
});
