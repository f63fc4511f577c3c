/** The rules of Deckhouse's linter over containers of the rendered chart. */
import { describe } from 'vitest';
import { checkRendered, complain, type RenderedRule } from '../../../support/rendered-lint.ts';
import {
  type ContainerSpec,
  ofKind,
  type PodSpec,
  workloadsOf,
} from '../../../support/rendered-workloads.ts';

const PRIORITY_CLASSES = [
  ...['system-node-critical', 'system-cluster-critical', 'cluster-critical', 'cluster-medium', 'cluster-low'],
  ...['production-high', 'production-medium', 'production-low', 'staging', 'develop', 'standby'],
];
const NOBODY_OR_DECKHOUSE = [65_534, 64_535];

const CONTAINER_RULES: readonly RenderedRule[] = [
  podRule('container/priority-class', ({ priorityClassName }) =>
    complain(PRIORITY_CLASSES.includes(priorityClassName), priorityClassName),
  ),
  podRule('container/dns-policy', ({ hostNetwork, dnsPolicy }) =>
    complain(hostNetwork !== true || dnsPolicy === 'ClusterFirstWithHostNet', `${dnsPolicy}`),
  ),
  podRule(
    'container/controller-security-context',
    ({ securityContext: { runAsNonRoot, runAsUser, runAsGroup } }) =>
      complain(
        runAsNonRoot === true &&
          runAsUser === runAsGroup &&
          NOBODY_OR_DECKHOUSE.some((one) => one === runAsUser),
        `${runAsUser}:${runAsGroup}`,
      ),
  ),
  podRule('container/name-duplicates', ({ containers }) =>
    complain(new Set(containers.map(({ name }) => name)).size === containers.length, 'two of one name'),
  ),
  podRule('container/host-network-ports', ({ hostNetwork, containers }) =>
    containers
      .flatMap(({ ports }) => ports)
      .flatMap(({ containerPort: port }) =>
        complain(hostNetwork !== true || (port >= 4200 && port <= 4299), `${port}`),
      ),
  ),
  containerRule('container/ports', ({ ports }) =>
    ports.flatMap(({ containerPort }) => complain(containerPort > 1024, `${containerPort}`)),
  ),
  containerRule('container/env-variables-duplicates', ({ env }) =>
    complain(new Set(env.map(({ name }) => name)).size === env.length, 'two of one name'),
  ),
  containerRule('container/image-digest', ({ image }) =>
    complain(/@sha256:[0-9a-f]{64}$/.test(image), image),
  ),
  containerRule('container/image-pull-policy', ({ imagePullPolicy }) =>
    complain(imagePullPolicy === undefined || imagePullPolicy === 'IfNotPresent', `${imagePullPolicy}`),
  ),
  containerRule('container/resources', ({ resources: { requests, limits } }) => [
    ...['cpu', 'memory', 'ephemeral-storage'].flatMap((one) =>
      complain(requests[one] !== undefined, `no request of ${one}`),
    ),
    ...complain(limits === undefined, 'limits'),
  ]),
  containerRule('container/read-only-root-filesystem', ({ securityContext }) =>
    complain(securityContext['readOnlyRootFilesystem'] === true, 'may be written'),
  ),
  containerRule('container/no-new-privileges', ({ securityContext }) =>
    complain(securityContext['allowPrivilegeEscalation'] === false, 'may be gained'),
  ),
  containerRule('container/security-context', ({ securityContext }) =>
    complain(JSON.stringify(securityContext['capabilities']) === '{"drop":["ALL"]}', 'capabilities'),
  ),
  containerRule('container/seccomp-profile', ({ securityContext }) =>
    complain(JSON.stringify(securityContext['seccompProfile']) === '{"type":"RuntimeDefault"}', 'profile'),
  ),
  containerRule('container/liveness-probe', ({ livenessProbe }) =>
    complain(handlersOf(livenessProbe) === 1, 'handlers'),
  ),
  containerRule('container/readiness-probe', ({ readinessProbe }) =>
    complain(handlersOf(readinessProbe) === 1, 'handlers'),
  ),
  {
    rule: 'container/revision-history-limit',
    findings: (rendered) =>
      workloadsOf(rendered).flatMap(({ metadata, spec }) =>
        complain(spec.revisionHistoryLimit <= 2, metadata.name),
      ),
  },
  {
    rule: 'container/image-pull-secrets',
    findings: (rendered) => {
      const secrets = ofKind(rendered, 'Secret').map(({ metadata }) => metadata.name);
      return workloadsOf(rendered).flatMap(({ spec }) =>
        spec.template.spec.imagePullSecrets.flatMap(({ name }) => complain(secrets.includes(name), name)),
      );
    },
  },
];

function podRule(rule: string, check: (spec: PodSpec) => readonly string[]): RenderedRule {
  return {
    rule,
    findings: (objects) =>
      workloadsOf(objects).flatMap(({ metadata, spec }) =>
        check(spec.template.spec).map((finding) => `${metadata.name}: ${finding}`),
      ),
  };
}

function containerRule(rule: string, check: (container: ContainerSpec) => readonly string[]): RenderedRule {
  return podRule(rule, ({ containers }) =>
    containers.flatMap((one) => check(one).map((finding) => `${one.name}: ${finding}`)),
  );
}

function handlersOf(probe: object): number {
  return ['httpGet', 'tcpSocket', 'exec', 'grpc'].filter((handler) => handler in probe).length;
}

describe('the rules over containers', () => {
  checkRendered(CONTAINER_RULES);
});
