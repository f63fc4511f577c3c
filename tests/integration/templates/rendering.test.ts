import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '#lib/runtime/options.ts';
import { type Rendered, renderChart } from '../../../dev/chart/render-chart.ts';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { PROGRAM as AGENT } from '../../../images/agent/src/options.ts';
import { PROGRAM as CONTROLLER } from '../../../images/controller/src/options.ts';
import { CHART_VARIANTS, type ChartVariant, OPTIONAL_KINDS } from '../../support/chart-variants.ts';
import { renderedVariant } from '../../support/rendered-lint.ts';
import { ofKind, programOf, workloadOf } from '../../support/rendered-workloads.ts';

const ROOT = new URL('../../../', import.meta.url);
const EVERYTHING = 'three masters, everything installed';
const rendered = new Map<string, readonly Rendered[]>();

const render = (name: string): readonly Rendered[] => {
  const found = rendered.get(name);
  if (found === undefined) throw new Error(`no variant ${name}`);
  return found;
};

beforeAll(async () => {
  for (const { name } of CHART_VARIANTS) rendered.set(name, await renderedVariant(name));
});

describe('the controller', () => {
  const placements = [
    { name: 'one master, nothing else installed', replicas: 1, on: 'node-role.kubernetes.io/control-plane' },
    {
      name: 'three masters, nothing else installed',
      replicas: 2,
      on: 'node-role.kubernetes.io/control-plane',
    },
    { name: 'redundancy on one master', replicas: 1, on: 'node-role.kubernetes.io/control-plane' },
    { name: 'redundancy switched off globally', replicas: 1, on: 'node-role.kubernetes.io/control-plane' },
    { name: 'highAvailability: false', replicas: 1, on: 'node-role.kubernetes.io/control-plane' },
    {
      name: 'a control plane elsewhere, nodes for the system',
      replicas: 1,
      on: 'node-role.deckhouse.io/system',
    },
    { name: 'a control plane elsewhere, no nodes for the system', replicas: 1, on: undefined },
    { name: 'redundancy wanted globally', replicas: 2, on: undefined },
    { name: 'highAvailability: true', replicas: 2, on: undefined },
  ];

  it.each(placements)('has $replicas replicas on $on: $name', ({ name, replicas, on }) => {
    const { spec } = workloadOf(render(name), 'controller');
    expect(spec.replicas).toBe(replicas);
    expect(spec.template.spec.nodeSelector).toEqual(on === undefined ? undefined : { [on]: '' });
    expect(spec.template.spec.affinity === undefined).toBe(replicas === 1);
  });
});

describe('the agents', () => {
  const agents = () => workloadOf(render(EVERYTHING), 'agent').spec;

  it('run on every node', () => {
    const { spec } = agents().template;
    expect(spec).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'system-node-critical',
    });
    expect(spec.affinity).toBeUndefined();
  });

  it('are updated one at a time, so that no zone misses two', () => {
    const rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
    expect(agents()).toMatchObject({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
  });

  it('state every port that they use on the host as an exception, where exceptions are known', () => {
    const objects = render('networkMode: HostNetwork');
    const { template } = workloadOf(objects, 'agent').spec;
    const [exception] = ofKind(objects, 'SecurityPolicyException');
    const used = template.spec.containers.flatMap(({ ports }) =>
      ports.map(({ containerPort }) => containerPort),
    );
    expect(template.metadata.labels).toMatchObject({
      'security.deckhouse.io/security-policy-exception': exception?.metadata.name,
    });
    expect(exception).toMatchObject({
      spec: {
        network: {
          hostNetwork: { allowedValue: true, metadata: { description: expect.any(String) } },
          hostPorts: used.map((port) => ({
            port,
            protocol: 'TCP',
            metadata: { description: expect.any(String) },
          })),
        },
      },
    });
    expect(ofKind(render(EVERYTHING), 'SecurityPolicyException')).toEqual([]);
  });
});

describe('the programs', () => {
  const wanted = (settings: ChartVariant['settings'] = {}) => ({
    'log-level': String(settings['logLevel'] ?? 'Info').toLowerCase(),
    'adoption-policy': settings['adoptionPolicy'] ?? 'Adopt',
    'probe-secret-access': settings['probeSecretAccess'] ?? true,
    namespace: 'd8-service-with-healthchecks',
  });

  it.each(CHART_VARIANTS)('understand what they are given: $name', ({ name, settings }) => {
    const { 'adoption-policy': _, 'probe-secret-access': __, ...common } = wanted(settings);
    expect(optionsOf(name, 'controller')).toMatchObject({ ...wanted(settings), 'leader-elect': true });
    expect(optionsOf(name, 'agent')).toMatchObject({ ...common, 'node-name': 'node-1' });
  });

  it.each(['controller', 'agent'] as const)('serve where the kubelet and the proxy ask: %s', (name) => {
    const workload = workloadOf(render(EVERYTHING), name);
    const values = optionsOf(EVERYTHING, name);
    const health = programOf(workload).ports.find((port) => port.name === 'health')?.containerPort;
    expect(values).toMatchObject({
      'health-address': { host: 'fd00::1', port: health },
      'metrics-address': { host: '127.0.0.1' },
    });
    const proxy = workload.spec.template.spec.containers.find((one) => one.name === 'kube-rbac-proxy');
    const upstream = `http://127.0.0.1:${values['metrics-address'].port}/metrics`;
    const config = proxy?.env.find((one) => one.name === 'KUBE_RBAC_PROXY_CONFIG')?.value ?? '';
    const resource = `${workload.kind.toLowerCase()}s`;
    expect(parseYaml(config)).toMatchObject({
      upstreams: [{ upstream, authorization: { resourceAttributes: { resource, name, apiGroup: 'apps' } } }],
    });
  });

  /** What the program makes of the arguments and the environment that a kubelet would give it. */
  function optionsOf(variant: string, name: 'controller' | 'agent') {
    const { args, env } = programOf(workloadOf(render(variant), name));
    const known = { NODE_NAME: 'node-1', POD_NAMESPACE: 'd8-service-with-healthchecks', POD_IP: 'fd00::1' };
    const given = Object.entries(known).filter(([key]) => env.some((one) => one.name === key));
    const values = Object.fromEntries(given);
    const expanded = args.map((arg) => arg.replaceAll(/\$\((\w+)\)/g, (all, key) => values[key] ?? all));
    const line =
      name === 'agent'
        ? parseCommandLine(AGENT, expanded, values)
        : parseCommandLine(CONTROLLER, expanded, values);
    if (line.kind !== 'run') throw new Error(`${name} does not start: ${JSON.stringify(line)}`);
    return line.values;
  }
});

describe('what depends on other modules', () => {
  const kinds = {
    VerticalPodAutoscaler: { names: ['agent', 'controller'], by: OPTIONAL_KINDS.vpa },
    PodMonitor: {
      names: ['service-with-healthchecks-agent', 'service-with-healthchecks-controller'],
      by: OPTIONAL_KINDS.podMonitor,
    },
    PrometheusRule: {
      names: ['agents', 'controller', 'objects'].map((file) => `service-with-healthchecks-${file}`),
      by: OPTIONAL_KINDS.prometheusRule,
    },
    GrafanaDashboardDefinition: {
      names: ['d8-service-with-healthchecks-applications-service-with-healthchecks'],
      by: OPTIONAL_KINDS.dashboard,
    },
  };

  it.each(CHART_VARIANTS)('is there exactly when its kind is: $name', ({ name, platform }) => {
    for (const [kind, { names, by }] of Object.entries(kinds)) {
      const found = ofKind(render(name), kind).map(({ metadata }) => metadata.name);
      expect(found.toSorted()).toEqual(platform.apis?.includes(by) ? names : []);
    }
  });

  it('has roles of one model, by the version of Deckhouse', () => {
    const roles = (name: string) =>
      ofKind(render(name), 'ClusterRole')
        .map(({ metadata }) => metadata.name)
        .filter((role) => !/^d8:(?:service-with|user-authz)/.test(role))
        .toSorted();
    const of = (...prefixes: readonly string[]) =>
      prefixes.flatMap((one) =>
        ['edit', 'view'].map((action) => `${one}:service-with-healthchecks:${action}`),
      );
    const presentModel = of('d8:namespace-capability', 'd8:system-capability');
    expect(roles(EVERYTHING)).toEqual(presentModel);
    expect(roles('a build of Deckhouse without a number')).toEqual(presentModel);
    expect(roles('the role model before 1.78')).toEqual(
      of('d8:manage:permission:module', 'd8:use:capability:module'),
    );
  });
});

describe('settings', () => {
  const schema = parseYaml(readText('openapi/config-values.yaml')) as Schema;

  it.each(leavesOf(schema))('%s changes what is installed', async (path) => {
    const variants = CHART_VARIANTS.filter(({ settings }) => valueAt(settings, path) !== undefined);
    expect(variants.length).toBeGreaterThan(0);
    for (const { name, platform } of variants) {
      expect(render(name)).not.toEqual(await renderChart({ platform }));
    }
  });

  it('probeSecretAccess: false takes every right to Secrets away', () => {
    const secrets = (name: string) =>
      JSON.stringify(ofKind(render(name), 'ClusterRole')).includes('"secrets"');
    expect(secrets(EVERYTHING)).toBe(true);
    expect(secrets('probeSecretAccess: false')).toBe(false);
  });

  it.each(['agent', 'controller'])('of resources reach VPA, with room above: %s', (name) => {
    const objects = render(`resources of the ${name}`);
    const { requests } = programOf(workloadOf(objects, name)).resources;
    const bounds = ofKind(objects, 'VerticalPodAutoscaler').find(({ metadata }) => metadata.name === name);
    const { cpu, memory } = requests;
    const maxAllowed = { cpu: `${50 * amount(cpu)}m`, memory: `${8 * amount(memory)}Mi` };
    expect(bounds).toMatchObject({
      spec: {
        resourcePolicy: {
          containerPolicies: [
            { containerName: name, minAllowed: { cpu, memory }, maxAllowed },
            { containerName: 'kube-rbac-proxy' },
          ],
        },
      },
    });
  });
});

describe('requests', () => {
  /** Above what was measured, so that the scheduler knows; not far above, so that no node is wasted. */
  const MARGIN = 3;
  const performance = readText('docs/PERFORMANCE.md');
  const measured = [
    { program: 'agent', resource: 'cpu', by: 10, row: 'CPU of the agent' },
    { program: 'agent', resource: 'memory', by: 1e6 / 2 ** 20, row: '`RssAnon` of the agent' },
    { program: 'controller', resource: 'memory', by: 1e6 / 2 ** 20, row: '`RssAnon` of the controller' },
  ];

  it.each(measured)('match what is measured: $row', ({ program, resource, by, row }) => {
    const figure = Number(
      performance
        .split('\n')
        .find((line) => line.startsWith(`| ${row} |`))
        ?.split('|')[2]
        ?.match(/[\d.]+/)?.[0],
    );
    const { requests } = programOf(workloadOf(render(EVERYTHING), program)).resources;
    expect(amount(requests[resource])).toBeGreaterThan(figure * by);
    expect(amount(requests[resource])).toBeLessThan(figure * by * MARGIN);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function leavesOf({ properties }: Schema, path: readonly string[] = []): readonly string[] {
  if (properties === undefined) return [path.join('.')];
  return Object.entries(properties).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) => (inner as Readonly<Record<string, unknown>> | undefined)?.[name],
      value,
    );
}

function amount(quantity = ''): number {
  return Number.parseInt(quantity, 10);
}

function readText(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}
