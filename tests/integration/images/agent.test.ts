import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { makeTestCertificates } from '../../support/test-certificates.ts';
import { AgentFixture, HEALTHCHECK } from './agent-fixture.ts';

/** Enough for everything but a start of the agent. */
const SOON_MS = 10_000;

let fixture: AgentFixture;

beforeAll(async () => {
  fixture = await AgentFixture.start();
  await fixture.startAgent();
});
afterAll(() => fixture?.stop());

describe('agent', () => {
  test('publishes a healthy pod and takes it out when its probe fails', async () => {
    await fixture.createPod('a-1', 'a');
    await fixture.createPod('a-2', 'a');
    await fixture.createSwh('a');
    await fixture.log.waitForReady('a', ['a-1', 'a-2'], SOON_MS);
    fixture.pods.web('a-2').setHealthy(false);
    await fixture.log.waitForReady('a', ['a-1'], SOON_MS);
    const unhealthy = fixture.log.endpoints('a').find(({ targetRef }) => targetRef?.name === 'a-2');
    expect(unhealthy?.conditions).toEqual({ ready: false, serving: false, terminating: false });
    expect(await fixture.results('a')).toContain('HTTP GET /healthz on 8080 returned 503');
    expect(await fixture.metric('swh_agent_endpoint_downs_total')).toBe(1);
    fixture.pods.web('a-2').setHealthy(true);
    await fixture.log.waitForReady('a', ['a-1', 'a-2'], SOON_MS);
  });

  test('writes nothing while nothing changes', async () => {
    await fixture.createPod('b-1', 'b');
    await fixture.createSwh('b');
    await fixture.log.waitForReady('b', ['b-1'], SOON_MS);
    const [versions, writes] = [
      await fixture.versions('b'),
      await fixture.metric('swh_agent_slice_writes_total'),
    ];
    await fixture.moreRuns(10);
    await fixture.patchStatus('b', { endpointsCount: 5, readyEndpoints: 1 });
    await fixture.moreRuns(5);
    expect(await fixture.versions('b')).toEqual(versions);
    expect(await fixture.metric('swh_agent_slice_writes_total')).toBe(writes);
  });

  test('repairs a slice that somebody else has changed', async () => {
    await fixture.createPod('c-1', 'c');
    await fixture.createSwh('c');
    await fixture.log.waitForReady('c', ['c-1'], SOON_MS);
    const [slice] = await fixture.slices('c');
    const path = `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/${slice?.metadata.name}`;
    await fixture.cluster.controlPlane.api.mergePatch(path, { endpoints: [] });
    await waitFor('the endpoint to come back', async () =>
      (await fixture.slices('c'))[0]?.endpoints?.length === 1 ? true : undefined,
    );
  });

  test('a changed path does not make a healthy endpoint leave; a wrong one does', async () => {
    await fixture.createPod('d-1', 'd');
    await fixture.createSwh('d');
    await fixture.log.waitForReady('d', ['d-1'], SOON_MS);
    const since = Date.now();
    const withPath = (path: string) => ({ mode: 'HTTP', http: { targetPort: 8080, path } });
    await fixture.patchSpec('d', { healthcheck: { ...HEALTHCHECK, probes: [withPath('/count')] } });
    await fixture.moreRuns(5);
    const left = fixture.log
      .changes('d', since)
      .filter(({ object }) => object.endpoints.some((endpoint) => endpoint.conditions?.ready === false));
    expect(left).toEqual([]);
    await fixture.patchSpec('d', {
      healthcheck: { ...HEALTHCHECK, probes: [{ mode: 'TCP', tcp: { targetPort: 9 } }] },
    });
    await fixture.log.waitForReady('d', [], SOON_MS);
  });

  test('a rejected spec changes nothing, and the next good one counts', async () => {
    await fixture.createPod('e-1', 'e');
    await fixture.createSwh('e');
    await fixture.log.waitForReady('e', ['e-1'], SOON_MS);
    await fixture.patchSpec('e', { healthcheck: { ...HEALTHCHECK, probes: [{ mode: 'HTTP' }] } });
    await fixture.moreRuns(5);
    expect(fixture.log.ready('e')).toEqual(['e-1']);
    // The last accepted probe goes on.
    fixture.pods.web('e-1').setHealthy(false);
    await fixture.log.waitForReady('e', [], SOON_MS);
    await fixture.patchSpec('e', {
      healthcheck: { ...HEALTHCHECK, probes: [{ mode: 'TCP', tcp: { targetPort: 8080 } }] },
    });
    await fixture.log.waitForReady('e', ['e-1'], SOON_MS);
  });

  test('notices a Secret that is created later', async () => {
    await fixture.createPod('f-1', 'f');
    const probe = {
      mode: 'PostgreSQL',
      failureThreshold: 1,
      postgreSQL: { targetPort: 8080, authSecretName: 'login' },
    };
    await fixture.createSwh('f', { ...HEALTHCHECK, probes: [probe] });
    await waitFor('the missing Secret to be named', async () =>
      (await fixture.results('f')).includes('Secret default/login does not exist') ? true : undefined,
    );
    await fixture.cluster.controlPlane.api.post('/api/v1/namespaces/default/secrets', {
      metadata: { name: 'login' },
      stringData: { user: 'probe', password: 'hidden-word' },
    });
    await waitFor('the credentials to be used', async () => {
      const results = await fixture.results('f');
      return results.includes('default/login') ? undefined : true;
    });
    expect(await fixture.results('f')).not.toContain('hidden-word');
    expect(fixture.agent.logTail(1000)).not.toContain('hidden-word');
  });
});

describe('a client certificate', () => {
  const certificates = makeTestCertificates();
  afterAll(() => certificates.remove());

  test('is followed from its Secret, and what is wrong with that is named', async () => {
    await fixture.createPod('o-1', 'o');
    const http = {
      targetPort: 8080,
      scheme: 'HTTPS',
      insecureSkipTLSVerify: true,
      clientCertSecretName: 'client',
    };
    await fixture.createSwh('o', { ...HEALTHCHECK, probes: [{ mode: 'HTTP', failureThreshold: 1, http }] });
    const shows = (text: string): Promise<unknown> =>
      waitFor(text, async () => ((await fixture.results('o')).includes(text) ? true : undefined));
    await shows('Secret default/client does not exist');

    const { api } = fixture.cluster.controlPlane;
    const secret = { metadata: { name: 'client' }, type: 'kubernetes.io/tls' };
    const nonsense = { 'tls.crt': 'hidden-word', 'tls.key': 'hidden-word' };
    await api.post('/api/v1/namespaces/default/secrets', { ...secret, stringData: nonsense });
    await shows('Secret default/client: tls.crt and tls.key are no PEM certificate with its key');

    const { cert, key } = certificates.issue('DNS:probe');
    const stringData = { 'tls.crt': cert, 'tls.key': key };
    await api.mergePatch('/api/v1/namespaces/default/secrets/client', { stringData });
    // The pod speaks plain HTTP, so this much shows that the handshake was begun.
    await shows('the server does not speak TLS');
    expect(fixture.agent.logTail(1000)).not.toContain('hidden-word');
  });
});

describe('one pod among many that changes its mind', () => {
  const POD = { namespace: 'default', name: 'l-7' };

  /** Changes of slices until each probe of the node has run some more times. */
  async function changesSince(since: number): Promise<readonly string[]> {
    await fixture.moreRuns(30);
    return fixture.log.changes('l', since).map(({ kind }) => kind);
  }

  /** Slices full of pods, of which one has a server behind it. */
  beforeAll(async () => {
    await fixture.createPod('l-7', 'l');
    await fixture.createIdlePods(
      'l',
      Array.from({ length: 30 }, (_, index) => `l-idle-${index}`),
    );
    await fixture.createSwh('l', {});
    await waitFor('31 ready endpoints', async () =>
      fixture.log.ready('l').length === 31 ? true : undefined,
    );
    expect(await fixture.slices('l')).toHaveLength(4);
  });

  test.each([false, true])('ready: %s: one slice is written once', async (isReady) => {
    const since = Date.now();
    await fixture.cluster.kubelets.setContainerReady(POD, 'main', isReady);
    await waitFor('the endpoint to follow', async () =>
      fixture.log.ready('l').includes('l-7') === isReady ? true : undefined,
    );
    expect(await changesSince(since)).toEqual(['stored']);
  });
});

describe('a verdict that changes', () => {
  test.each([false, true])('healthy: %s: the slice is written once', async (isHealthy) => {
    const since = Date.now();
    fixture.pods.web('a-2').setHealthy(isHealthy);
    await fixture.log.waitForReady('a', isHealthy ? ['a-1', 'a-2'] : ['a-1'], SOON_MS);
    await fixture.moreRuns(30);
    expect(fixture.log.changes('a', since).map(({ kind }) => kind)).toEqual(['stored']);
  });
});

describe('a restart of the agent', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)('by %s writes nothing', async (signal) => {
    const name = signal === 'SIGKILL' ? 'g' : 'h';
    await fixture.createPod(`${name}-1`, name);
    await fixture.createPod(`${name}-2`, name);
    await fixture.createSwh(name);
    await fixture.log.waitForReady(name, [`${name}-1`, `${name}-2`], SOON_MS);
    fixture.pods.web(`${name}-2`).setHealthy(false);
    await fixture.log.waitForReady(name, [`${name}-1`], SOON_MS);
    const versions = await fixture.versions(name);
    const startedMs = performance.now();
    fixture.agent.kill(signal);
    const status = await fixture.agent.exited;
    if (signal === 'SIGTERM') expect(status).toEqual({ kind: 'exited', code: 0 });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    await fixture.startAgent();
    await fixture.moreRuns(20);
    expect(await fixture.versions(name)).toEqual(versions);
    expect(await fixture.metric('swh_agent_slice_writes_total')).toBe(0);
    fixture.pods.web(`${name}-2`).setHealthy(true);
    await fixture.log.waitForReady(name, [`${name}-1`, `${name}-2`], SOON_MS);
  });

  test('takes over the slice that another implementation has made for the node', async () => {
    await fixture.createPod('k-1', 'k');
    await fixture.createSwh('k');
    await fixture.log.waitForReady('k', ['k-1'], SOON_MS);
    fixture.agent.kill('SIGKILL');
    await fixture.agent.exited;
    const since = Date.now();
    const [slice] = await fixture.slices('k');
    await fixture.replaceByForeignSlice(slice, 'k-node-1');
    await fixture.startAgent();
    await waitFor('the slice to carry the label of its node', async () =>
      (await fixture.slices('k')).some(
        ({ metadata }) => metadata.labels?.['network.deckhouse.io/node'] === 'node-1',
      )
        ? true
        : undefined,
    );
    await fixture.moreRuns(10);
    const slices = await fixture.slices('k');
    expect(slices.flatMap(({ endpoints }) => endpoints)).toMatchObject([{ conditions: { ready: true } }]);
    const left = fixture.log
      .changes('k', since)
      .filter(({ object }) => object.endpoints.some((endpoint) => endpoint.conditions?.ready === false));
    expect(left).toEqual([]);
  });

  test('with another definition meanwhile goes on from the published verdict', async () => {
    await fixture.createPod('i-1', 'i');
    await fixture.createSwh('i');
    await fixture.log.waitForReady('i', ['i-1'], SOON_MS);
    const since = Date.now();
    fixture.agent.kill('SIGKILL');
    await fixture.agent.exited;
    await fixture.patchSpec('i', { healthcheck: { ...HEALTHCHECK, periodSeconds: 2 } });
    await fixture.startAgent();
    await fixture.moreRuns(5);
    const left = fixture.log
      .changes('i', since)
      .filter(({ object }) => object.endpoints[0]?.conditions?.ready === false);
    expect(left).toEqual([]);
  });
});

describe('an outage of the API', () => {
  test('probing goes on, and the difference is written on return', async () => {
    await fixture.createPod('j-1', 'j');
    await fixture.createPod('j-2', 'j');
    await fixture.createSwh('j');
    await fixture.log.waitForReady('j', ['j-1', 'j-2'], SOON_MS);
    await fixture.cluster.controlPlane.stopApiServer();
    fixture.pods.web('j-2').setHealthy(false);
    const runs = await fixture.metric('swh_agent_endpoint_transitions_total', 'to="down"');
    await waitFor('the verdict to turn during the outage', async () =>
      (await fixture.metric('swh_agent_endpoint_transitions_total', 'to="down"')) > runs ? true : undefined,
    );
    await fixture.cluster.controlPlane.startApiServer();
    await fixture.log.waitForReady('j', ['j-1'], 40_000);
  });
});
