import { describe, expect, it } from 'vitest';
import type { Service, ServiceSpec } from '#lib/core/kubernetes.ts';
import { decideChildService } from '#lib/core/service/child-service.ts';
import { unknownServiceFields } from '#lib/core/service/unknown-fields.ts';
import type { AdoptionPolicy } from '#lib/core/service-with-healthchecks.ts';
import { anSwh } from '../../../../support/builders.ts';
import { storeCreated, storePatched } from '../../../../support/service-defaulting.ts';

const WANTED: ServiceSpec = {
  type: 'NodePort',
  selector: { app: 'web' },
  sessionAffinity: 'ClientIP',
  ports: [{ name: 'http', port: 80 }],
};

/** What a newer API server has in a Service beyond what this product knows. */
function withFuture(service: Service): Service {
  const { ports = [], sessionAffinityConfig, ...rest } = service.spec;
  const spec = {
    ...rest,
    futureField: { a: 1 },
    ports: ports.map((port) => ({ ...port, futureMode: 'x' })),
    sessionAffinityConfig: {
      futureBase: 'y',
      clientIP: { ...sessionAffinityConfig?.clientIP, futureLimit: 3 },
    },
  };
  return { ...service, spec };
}

const FUTURE = {
  futureField: { a: 1 },
  ports: [{ futureMode: 'x' }],
  sessionAffinityConfig: { futureBase: 'y', clientIP: { futureLimit: 3 } },
};
const PATHS = [
  'futureField',
  'ports[].futureMode',
  'sessionAffinityConfig.clientIP.futureLimit',
  'sessionAffinityConfig.futureBase',
];

function swhOf(service: ServiceSpec, adoptionPolicy: AdoptionPolicy = 'Adopt') {
  return { ...anSwh({ service }), adoptionPolicy };
}

function childOf(service: ServiceSpec): Service {
  const decision = decideChildService(swhOf(service), undefined);
  if (decision.kind !== 'create') throw new Error('a Service is created');
  return storeCreated(decision.service);
}

describe('unknownServiceFields', () => {
  it('names what is beyond the known, each once', () => {
    expect(unknownServiceFields(withFuture(childOf(WANTED)).spec)).toEqual(PATHS);
    expect(unknownServiceFields(childOf(WANTED).spec)).toEqual([]);
  });
});

describe('the child Service of a newer Kubernetes', () => {
  it('is no drift', () => {
    expect(decideChildService(swhOf(WANTED), withFuture(childOf(WANTED)))).toEqual({ kind: 'inSync' });
  });

  it('keeps what is not known when something else is written', () => {
    const later: ServiceSpec = {
      ...WANTED,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      ports: [{ name: 'web', port: 80, appProtocol: 'http' }],
    };
    const child = withFuture(childOf(WANTED));
    const decision = decideChildService(swhOf(later), child);
    if (decision.kind !== 'update') throw new Error(`it is written, not ${decision.kind}`);
    const next = storePatched(child, decision.patch);
    expect(next.spec).toMatchObject(FUTURE);
    expect(next.spec.ports).toMatchObject([{ name: 'web', appProtocol: 'http' }]);
    expect(decideChildService(swhOf(later), next)).toEqual({ kind: 'inSync' });
  });
});

describe('a Service of a newer Kubernetes that is nobody’s', () => {
  const old = withFuture(
    storeCreated({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: WANTED,
    }),
  );

  it('differs by what is not known, and the conflict names it', () => {
    expect(decideChildService(swhOf(WANTED), old)).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('futureField, which this version does not know'),
    });
  });

  it('is taken over with it where that is wanted', () => {
    const decision = decideChildService(swhOf(WANTED, 'AdoptAlways'), old);
    if (decision.kind !== 'takeOver') throw new Error(`it is taken over, not ${decision.kind}`);
    expect(storePatched(old, decision.claim).spec).toMatchObject(FUTURE);
  });
});
