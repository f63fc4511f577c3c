/** Samples of one series, one a minute, in promtool's notation (`0x5 1x10`: five more 0, then ten more 1). */
type Series = readonly [series: string, values: string];

/** A story in which an alert stays silent, fires with exactly these labels, and is silent again. */
export interface AlertCase {
  readonly alert: string;
  readonly story: string;
  readonly series: readonly Series[];
  /** Minutes at which nothing fires, before and after. */
  readonly silent: readonly [before: number, after: number];
  readonly fires: { readonly atMinute: number; readonly labels: Readonly<Record<string, string>> };
}

const OBJECT = 'namespace="shop",name="web"';
const AGENT = 'node="node-1",pod="agent-1",namespace="d8-service-with-healthchecks"';
const LEADER = 'pod="controller-1",namespace="d8-service-with-healthchecks"';
const ON_NODE = { node: 'node-1' };
const ON_OBJECT = { namespace: 'shop', name: 'web' };

function probes(outcome: string, reason: string, values: string): Series {
  return [
    `swh_agent_probe_results_total{${AGENT},kind="postgresql",outcome="${outcome}",reason="${reason}"}`,
    values,
  ];
}

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'ServiceWithHealthchecksAgentSilent',
    story: 'the agent of one node of two goes and comes back',
    series: [
      [`swh_controller_node_endpoints{node="node-1",${LEADER}}`, '3x40'],
      [`swh_controller_node_endpoints{node="node-2",${LEADER}}`, '0x40'],
      [`swh_agent_targets{${AGENT}}`, '3x5 stale _x14 3x20'],
      ['swh_agent_targets{node="node-2",pod="agent-2"}', '0x40'],
    ],
    silent: [9, 21],
    fires: { atMinute: 12, labels: ON_NODE },
  },
  {
    alert: 'ServiceWithHealthchecksAgentCannotWrite',
    story: 'the API server refuses updates for ten minutes',
    series: [
      [`swh_agent_slice_writes_total{${AGENT},operation="update",outcome="failed"}`, '0x10 1+1x9 10x30'],
      [`swh_agent_slice_writes_total{${AGENT},operation="update",outcome="written"}`, '0+1x50'],
      [`swh_agent_slice_writes_total{${AGENT},operation="update",outcome="conflict"}`, '0+1x50'],
    ],
    silent: [10, 30],
    fires: { atMinute: 18, labels: ON_NODE },
  },
  {
    alert: 'ServiceWithHealthchecksProbesLate',
    story: 'every other probe starts half a second late',
    series: [
      [`swh_agent_probe_start_delay_seconds_bucket{${AGENT},le="0.01"}`, '0+60x20 1200+30x20 1800+60x30'],
      [`swh_agent_probe_start_delay_seconds_bucket{${AGENT},le="0.25"}`, '0+60x20 1200+30x20 1800+60x30'],
      [`swh_agent_probe_start_delay_seconds_bucket{${AGENT},le="0.5"}`, '0+60x70'],
      [`swh_agent_probe_start_delay_seconds_bucket{${AGENT},le="+Inf"}`, '0+60x70'],
    ],
    silent: [20, 55],
    fires: { atMinute: 35, labels: ON_NODE },
  },
  {
    alert: 'ServiceWithHealthchecksProbesNotMade',
    story: 'a tenth of the probes falls into stalls',
    series: [
      probes('success', '', '0+54x70'),
      probes('unknown', 'CheckerStalled', '0x20 6+6x19 120x30'),
      probes('unknown', 'CredentialsMissing', '0+6x70'),
    ],
    silent: [20, 60],
    fires: { atMinute: 35, labels: { ...ON_NODE, reason: 'CheckerStalled' } },
  },
  {
    alert: 'ServiceWithHealthchecksCredentialsUnusable',
    story: 'a Secret is deleted and made again',
    series: [
      probes('success', '', '0+6x80'),
      probes('unknown', 'CredentialsMissing', '0x20 6+6x19 120x40'),
      probes('unknown', 'CheckerStalled', '0+6x80'),
    ],
    silent: [20, 60],
    fires: { atMinute: 35, labels: { ...ON_NODE, reason: 'CredentialsMissing' } },
  },
  {
    alert: 'ServiceWithHealthchecksEndpointFlapping',
    story: 'one pod goes down every three minutes, the other one once',
    series: [
      [
        `swh_agent_endpoint_downs_total{${OBJECT},pod="web-1",family="IPv4"}`,
        '1x10 1+0x2 2x2 3x2 4x2 5x2 6x60',
      ],
      [`swh_agent_endpoint_downs_total{${OBJECT},pod="web-2",family="IPv4"}`, '1x10 2x70'],
    ],
    silent: [10, 65],
    fires: { atMinute: 30, labels: { ...ON_OBJECT, pod: 'web-1' } },
  },
  {
    alert: 'ServiceWithHealthchecksNoLeader',
    story: 'both controllers stand by',
    series: [
      [`swh_controller_leader{${LEADER}}`, '1x10 0x10 1x20'],
      ['swh_controller_leader{pod="controller-2"}', '0x40'],
    ],
    silent: [12, 22],
    fires: { atMinute: 16, labels: {} },
  },
  {
    alert: 'ServiceWithHealthchecksNoLeader',
    story: 'there is no controller at all',
    series: [[`swh_controller_leader{${LEADER}}`, '1x10 stale _x10 1x20']],
    silent: [12, 24],
    fires: { atMinute: 16, labels: {} },
  },
  {
    alert: 'ServiceWithHealthchecksControllerErrors',
    story: 'the rights to write statuses are gone for half an hour; a user asks for an impossible Service',
    series: [
      [`swh_controller_api_errors_total{${LEADER},queue="status"}`, '0x10 1+1x29 30x30'],
      [`swh_controller_api_errors_total{${LEADER},queue="child-service"}`, '0+1x70'],
    ],
    silent: [15, 60],
    fires: { atMinute: 35, labels: { queue: 'status' } },
  },
  {
    alert: 'ServiceWithHealthchecksControllerBehind',
    story: 'the leader does not empty a queue; keys of the other one wait as they should',
    series: [
      [`swh_controller_queue_depth{${LEADER},queue="status"}`, '0x10 7x30 0x30'],
      ['swh_controller_queue_depth{pod="controller-2",queue="status"}', '50x70'],
      [`swh_controller_leader{${LEADER}}`, '1x70'],
      ['swh_controller_leader{pod="controller-2"}', '0x70'],
    ],
    silent: [20, 45],
    fires: {
      atMinute: 35,
      labels: { pod: 'controller-1', namespace: 'd8-service-with-healthchecks', queue: 'status' },
    },
  },
  {
    alert: 'ServiceWithHealthchecksNoReadyEndpoint',
    story: 'all pods of one object fail; another one has no pods',
    series: [
      [`swh_controller_endpoints{${OBJECT}}`, '3x40'],
      [`swh_controller_ready_endpoints{${OBJECT}}`, '3x10 0x10 1x20'],
      ['swh_controller_endpoints{namespace="shop",name="scaled-down"}', '0x40'],
      ['swh_controller_ready_endpoints{namespace="shop",name="scaled-down"}', '0x40'],
    ],
    silent: [12, 22],
    fires: { atMinute: 15, labels: ON_OBJECT },
  },
  {
    alert: 'ServiceWithHealthchecksFailOpen',
    story: 'the policy of one object comes into force',
    series: [
      [`swh_controller_condition{${OBJECT},type="FailOpen"}`, '0x10 1x10 0x20'],
      [`swh_controller_condition{${OBJECT},type="Ready"}`, '1x40'],
    ],
    silent: [11, 22],
    fires: { atMinute: 15, labels: ON_OBJECT },
  },
  {
    alert: 'ServiceWithHealthchecksChildServiceNotReady',
    story: 'a conflict is solved',
    series: [
      [`swh_controller_condition{${OBJECT},type="ChildServiceReady"}`, '1x5 0x20 1x20'],
      [`swh_controller_condition{${OBJECT},type="Ready"}`, '0x50'],
    ],
    silent: [15, 28],
    fires: { atMinute: 20, labels: ON_OBJECT },
  },
  {
    alert: 'ServiceWithHealthchecksRejected',
    story: 'a wrong spec is corrected',
    series: [
      [`swh_controller_condition{${OBJECT},type="Accepted"}`, '1x5 0x20 1x20'],
      [`swh_controller_condition{${OBJECT},type="Ready"}`, '0x50'],
    ],
    silent: [10, 28],
    fires: { atMinute: 15, labels: ON_OBJECT },
  },
];
