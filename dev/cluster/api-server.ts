import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import type { ApiClient } from './api-client.ts';
import { type Certificates, writeSigningKey } from './certificates.ts';

/**
 * Which requests are written to the audit log, each as one line of level Metadata; `slice-writes`: those that write
 * EndpointSlices, with their bodies.
 */
export type AuditScope = 'none' | 'writes' | 'slice-writes' | 'all';

/** The API server's place and contents. */
export interface ApiServerSpec {
  readonly program: string;
  /** The address to listen on. */
  readonly address: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly serviceCidrs: readonly string[];
  readonly audit: AuditScope;
  /** Whether a controller manager makes the default service accounts that admission asks for. */
  readonly admitsServiceAccounts: boolean;
  readonly extraArgs: readonly string[];
}

/** Files that the API server reads. */
export interface ApiServerFiles {
  readonly certificates: Certificates;
  readonly signingKeyFile: string;
  readonly tokenFile: string;
  readonly adminToken: string;
  readonly auditPolicyFile: string;
  readonly auditLog: string;
}

/** Writes the files into `directory`: the admin's token, the signing key, the audit policy. */
export function writeApiServerFiles(
  directory: string,
  certificates: Certificates,
  audit: AuditScope,
): ApiServerFiles {
  const files = {
    certificates,
    signingKeyFile: join(directory, 'service-account.key'),
    tokenFile: join(directory, 'tokens.csv'),
    adminToken: randomBytes(24).toString('hex'),
    auditPolicyFile: join(directory, 'audit-policy.json'),
    auditLog: join(directory, 'audit.log'),
  };
  writeSigningKey(files.signingKeyFile);
  writeFileSync(files.tokenFile, `${files.adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 });
  writeFileSync(files.auditPolicyFile, JSON.stringify(auditPolicy(audit)));
  writeFileSync(files.auditLog, '');
  return files;
}

/** The command line of kube-apiserver. It holds paths of secrets, never a secret. */
export function apiServerArgs(spec: ApiServerSpec, files: ApiServerFiles): readonly string[] {
  return [
    `--etcd-servers=${spec.etcdUrl}`,
    `--bind-address=${spec.address}`,
    `--advertise-address=${spec.address}`,
    `--secure-port=${spec.port}`,
    `--tls-cert-file=${files.certificates.certFile}`,
    `--tls-private-key-file=${files.certificates.keyFile}`,
    `--token-auth-file=${files.tokenFile}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.signingKeyFile}`,
    `--service-account-signing-key-file=${files.signingKeyFile}`,
    `--service-cluster-ip-range=${spec.serviceCidrs.join(',')}`,
    '--allow-privileged=true',
    // The address may be a loopback one, which no Endpoints object may hold.
    '--endpoint-reconciler-type=none',
    ...(spec.admitsServiceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(spec.audit === 'none'
      ? []
      : [`--audit-policy-file=${files.auditPolicyFile}`, `--audit-log-path=${files.auditLog}`]),
    ...spec.extraArgs,
  ];
}

/** Starts kube-apiserver and waits until it says that it is ready. */
export async function startApiServer(
  host: ProcessHost,
  api: ApiClient,
  { program, args }: { readonly program: string; readonly args: readonly string[] },
): Promise<ManagedProcess> {
  const process = await host.start({ name: 'kube-apiserver', command: program, args, disposable: true });
  await waitFor(`kube-apiserver to become ready (log ${process.logFile})`, async () => {
    if (!process.isRunning()) throw new GiveUpError(`kube-apiserver ended at start:\n${process.logTail()}`);
    return (await api.getText('/readyz')) === 'ok' ? true : undefined;
  });
  return process;
}

function auditPolicy(scope: AuditScope): unknown {
  const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
  const writes = { level: 'Metadata', verbs };
  const resources = [{ group: 'discovery.k8s.io', resources: ['endpointslices'] }];
  const rules = {
    none: [],
    writes: [writes],
    'slice-writes': [{ level: 'Request', verbs, resources }],
    all: [{ level: 'Metadata' }],
  }[scope];
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [...rules, { level: 'None' }],
  };
}
