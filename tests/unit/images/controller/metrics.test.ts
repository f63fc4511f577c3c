import { describe, expect, it } from 'vitest';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { createControllerMetrics } from '../../../../images/controller/src/metrics.ts';
import { aCondition } from '../../../support/builders.ts';

const ref = { namespace: 'ns', name: 'web' };

function setUp() {
  const metrics = createMetrics();
  const depths = new Map([['status', () => 4]]);
  const nodes = new Map([['node-1', 2]]);
  const controller = createControllerMetrics(metrics, { depths, nodeEndpoints: () => nodes });
  return { metrics, nodes, controller };
}

describe('the metrics of the controller', () => {
  it('are there from the start', async () => {
    const text = await setUp().metrics.text();
    expect(text).toContain('swh_controller_leader 0');
    expect(text).toContain('swh_controller_status_writes_total 0');
    expect(text).toContain('swh_controller_api_errors_total{queue="status"} 0');
    expect(text).toContain('swh_controller_queue_depth{queue="status"} 4');
  });

  it('show an object as its status does, and drop what its status drops', async () => {
    const { metrics, controller } = setUp();
    const healthcheckCondition = { observedGeneration: 1, endpoints: 3, readyEndpoints: 2 };
    const conditions = [aCondition({ type: 'Ready', status: 'False' }), aCondition({ type: 'FailOpen' })];
    controller.setStatus(ref, { healthcheckCondition, conditions });
    expect(await metrics.text()).toContain('swh_controller_endpoints{namespace="ns",name="web"} 3');
    expect(await metrics.text()).toContain('swh_controller_ready_endpoints{namespace="ns",name="web"} 2');
    expect(await metrics.text()).toContain('type="Ready"} 0');
    controller.setStatus(ref, { healthcheckCondition, conditions: conditions.slice(0, 1) });
    expect(await metrics.text()).not.toContain('FailOpen');
  });

  it('show the nodes that there are at the scrape', async () => {
    const { metrics, nodes } = setUp();
    expect(await metrics.text()).toContain('swh_controller_node_endpoints{node="node-1"} 2');
    nodes.delete('node-1');
    nodes.set('node-2', 0);
    const text = await metrics.text();
    expect(text).toContain('swh_controller_node_endpoints{node="node-2"} 0');
    expect(text).not.toContain('node-1');
  });

  it('forget an object that is gone', async () => {
    const { metrics, controller } = setUp();
    controller.setStatus(ref, { conditions: [aCondition({ type: 'Ready' })] });
    controller.removeObject(ref);
    expect(await metrics.text()).not.toContain('name="web"');
  });
});
