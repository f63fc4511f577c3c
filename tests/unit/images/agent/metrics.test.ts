import { describe, expect, it } from 'vitest';
import { failure, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { createAgentMetrics } from '../../../../images/agent/src/metrics.ts';

function create() {
  const metrics = createMetrics();
  return { metrics, agent: createAgentMetrics(metrics, { targets: () => 7, queueDepth: () => 3 }) };
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
