import { describe, expect, it } from 'vitest';
import {
  PROBE_SECRETS,
  probeSecretAccess,
  probeSecretWithdrawal,
} from '../../../hooks/probe-secret-access.ts';
import { afterOperations, aResource } from '../../support/hook-world.ts';

const withSecrets = (name: string, ...secrets: readonly string[]) =>
  aResource({
    name,
    uid: `uid-${name}`,
    spec: {
      healthcheck: {
        probes: secrets.map((authSecretName) => ({
          mode: 'PostgreSQL',
          postgreSQL: { targetPort: 5432, authSecretName },
        })),
      },
    },
  });
const nothing = { objects: [], roles: [], 'role-bindings': [] };
const afterwards = (...objects: readonly ReturnType<typeof aResource>[]) => {
  const world = { ...nothing, objects };
  return afterOperations(probeSecretAccess, world, probeSecretAccess.reconcile(world));
};

describe('probe-secret-access', () => {
  it('grants exactly the Secrets that probes name, to the agents only', () => {
    const world = afterwards(withSecrets('a', 'read', 'write'), withSecrets('b', 'read'), aResource());
    expect(world['roles']).toMatchObject([
      {
        metadata: { namespace: 'default', name: PROBE_SECRETS, labels: { heritage: 'deckhouse' } },
        rules: [
          {
            apiGroups: [''],
            resources: ['secrets'],
            resourceNames: ['read', 'write'],
            verbs: ['get', 'list', 'watch'],
          },
        ],
      },
    ]);
    expect(world['role-bindings']).toMatchObject([
      {
        roleRef: { kind: 'Role', name: PROBE_SECRETS },
        subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: 'd8-service-with-healthchecks' }],
      },
    ]);
  });

  it('grants the Secret of a client certificate where it is used', () => {
    const http = (scheme: string) => ({
      mode: 'HTTP',
      http: { targetPort: 443, scheme, clientCertSecretName: `client-${scheme.toLowerCase()}` },
    });
    const tls = { clientCertSecretName: 'client-tls' };
    const grpc = { mode: 'GRPC', grpc: { targetPort: 443, tls } };
    const tcp = { mode: 'TCP', tcp: { targetPort: 443, tls: {} } };
    const spec = { healthcheck: { probes: [http('HTTPS'), http('HTTP'), grpc, tcp] } };
    expect(afterwards(aResource({ spec }))['roles']).toMatchObject([
      { rules: [{ resources: ['secrets'], resourceNames: ['client-https', 'client-tls'] }] },
    ]);
  });

  it('grants nothing where no probe needs it', () => {
    expect(probeSecretAccess.reconcile({ ...nothing, objects: [aResource()] })).toEqual([]);
  });

  it('takes a Secret back that is no longer named, with one write', () => {
    const world = { ...afterwards(withSecrets('a', 'read', 'write')), objects: [withSecrets('a', 'read')] };
    expect(probeSecretAccess.reconcile(world)).toMatchObject([
      { operation: 'MergePatch', kind: 'Role', mergePatch: { rules: [{ resourceNames: ['read'] }] } },
    ]);
  });

  it('removes both objects when the last probe is gone', () => {
    const world = { ...afterwards(withSecrets('a', 'read')), objects: [] };
    expect(probeSecretAccess.reconcile(world)).toMatchObject([
      { operation: 'DeleteInBackground', kind: 'Role', namespace: 'default', name: PROBE_SECRETS },
      { operation: 'DeleteInBackground', kind: 'RoleBinding', namespace: 'default', name: PROBE_SECRETS },
    ]);
  });

  it('replaces a RoleBinding that points elsewhere and repairs its subjects', () => {
    const world = afterwards(withSecrets('a', 'read'));
    const [binding] = world['role-bindings'] ?? [];
    const elsewhere = {
      ...world,
      'role-bindings': [{ ...binding, metadata: binding?.metadata ?? { name: '' }, roleRef: {} }],
    };
    expect(probeSecretAccess.reconcile(elsewhere)).toMatchObject([{ operation: 'DeleteInBackground' }]);
    const robbed = {
      ...world,
      'role-bindings': [{ ...binding, metadata: binding?.metadata ?? { name: '' }, subjects: [] }],
    };
    expect(probeSecretAccess.reconcile(robbed)).toMatchObject([
      { operation: 'MergePatch', mergePatch: { subjects: [{ name: 'agent' }] } },
    ]);
  });
});

describe('probe-secret-withdrawal', () => {
  it('takes back what was granted, and then has nothing to do', () => {
    const world = afterwards(withSecrets('a', 'read'));
    const operations = probeSecretWithdrawal.reconcile(world);
    expect(operations).toMatchObject([
      { operation: 'DeleteInBackground', kind: 'Role', name: PROBE_SECRETS },
      { operation: 'DeleteInBackground', kind: 'RoleBinding', name: PROBE_SECRETS },
    ]);
    const left = afterOperations(probeSecretWithdrawal, world, operations);
    expect(probeSecretWithdrawal.reconcile(left)).toEqual([]);
  });

  it('grants nothing', () => {
    expect(probeSecretWithdrawal.reconcile({ ...nothing, objects: [withSecrets('a', 'read')] })).toEqual([]);
  });
});
