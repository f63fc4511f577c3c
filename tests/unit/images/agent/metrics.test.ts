import { describe, expect, it } from 'vitest';
import { failure, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { EndpointTransition } from '#lib/probe/endpoint-verdicts.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { createAgentMetrics } from '../../../../images/agent/src/metrics.ts';

function create() {
  const metrics = createMetrics();
  const tracked = new Set(['uid-1']);
  const agent = createAgentMetrics(metrics, {
    targets: () => 7,
    queueDepth: () => 3,
    isTracked: (_owner, { podUid }) => tracked.has(podUid),
  });
  return { metrics, tracked, agent };
}

function transition(isUp: boolean, podUid = 'uid-1'): EndpointTransition {
  return {
    owner: 'shop/web',
    endpoint: { podName: 'web-1', podUid, family: 'IPv4', address: '10.1.0.1', probes: [] },
    verdict: { isUp, hasBeenUp: true, since: '2026-01-01T00:00:00Z', failed: [] },
  };
}

describe('createAgentMetrics', () => {
  it('shows every counter from the first scrape', async () => {
    const text = await create().metrics.text();
    expect(text).toContain('swh_agent_probe_results_total{kind="grpc",outcome="failure",reason="Timeout"} 0');
    expect(text).toContain('swh_agent_probe_results_total{kind="tcp",outcome="success",reason=""} 0');
    expect(text).toContain('swh_agent_endpoint_transitions_total{to="down"} 0');
    expect(text).toContain('swh_agent_slice_writes_total{operation="delete",outcome="conflict"} 0');
    expect(text).toContain('swh_agent_api_errors_total{class="forbidden"} 0');
  });

  it('reads gauges when asked', async () => {
    const text = await create().metrics.text();
    expect(text).toContain('swh_agent_targets 7');
    expect(text).toContain('swh_agent_queue_depth 3');
  });

  it('counts for each endpoint how often it went down, as long as it is there', async () => {
    const { metrics, tracked, agent } = create();
    const series = 'swh_agent_endpoint_downs_total{namespace="shop",name="web",pod="web-1",family="IPv4"}';
    agent.transition(transition(true));
    expect(await metrics.text()).not.toContain('swh_agent_endpoint_downs_total{');
    agent.transition(transition(false));
    agent.transition(transition(true));
    agent.transition(transition(false));
    const text = await metrics.text();
    expect(text).toContain(`${series} 2`);
    expect(text).toContain('swh_agent_endpoint_transitions_total{to="up"} 2');
    expect(text).toContain('swh_agent_endpoint_transitions_total{to="down"} 2');
    tracked.clear();
    expect(await metrics.text()).not.toContain('web-1');
  });

  it('goes on in the series of a pod whose name a new one has taken', async () => {
    const { metrics, tracked, agent } = create();
    agent.transition(transition(false));
    agent.transition(transition(false, 'uid-2'));
    tracked.delete('uid-1');
    tracked.add('uid-2');
    expect(await metrics.text()).toContain('family="IPv4"} 2');
  });

  it('counts runs by outcome, in seconds', async () => {
    const { metrics, agent } = create();
    agent.probes.started('http', 30);
    agent.probes.finished('http', SUCCESS, 20);
    agent.probes.finished('http', failure('Timeout', 'x'), 1000);
    const text = await metrics.text();
    expect(text).toContain('swh_agent_probe_results_total{kind="http",outcome="success",reason=""} 1');
    expect(text).toContain('swh_agent_probe_results_total{kind="http",outcome="failure",reason="Timeout"} 1');
    expect(text).toContain('swh_agent_probe_duration_seconds_sum{kind="http"} 1.02');
    expect(text).toContain('swh_agent_probe_start_delay_seconds_sum 0.03');
    expect(text).toContain('swh_agent_event_loop_delay_seconds 0.03');
    expect(await metrics.text()).toContain('swh_agent_event_loop_delay_seconds 0\n');
  });
});
