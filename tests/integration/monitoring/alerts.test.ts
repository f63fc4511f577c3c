import { describe, expect, test } from 'vitest';
import { exposedMetrics, TARGET_LABELS } from '../../support/exposed-metrics.ts';
import { filledIn, PANELS } from '../../support/grafana-dashboard.ts';
import { type Alert, alerts, ruleGroups } from '../../support/prometheus-rules.ts';
import { unknownIn } from '../../support/promql.ts';
import { promtool } from '../../support/promtool.ts';
import { ALERT_CASES, type AlertCase } from './alert-cases.ts';

const RULES = 'rules.json';

/** The rules without their texts, which promtool would have to be told word by word. */
function bareGroups(): unknown {
  const withoutTexts = ({ annotations: _texts, ...rule }: Alert) => rule;
  return { groups: ruleGroups().map(({ name, rules }) => ({ name, rules: rules.map(withoutTexts) })) };
}

function promtoolTest({ alert, series, silent, fires }: AlertCase): unknown {
  const rule = alerts().find((one) => one.alert === alert);
  const fired = { exp_labels: { ...rule?.labels, ...fires.labels } };
  const at = (minute: number, expected: readonly unknown[]) => ({
    eval_time: `${minute}m`,
    alertname: alert,
    exp_alerts: expected,
  });
  return {
    interval: '1m',
    input_series: series.map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [at(silent[0], []), at(fires.atMinute, [fired]), at(silent[1], [])],
  };
}

describe('promtool', () => {
  test('finds the rules in order', async () => {
    const { isGood, output } = await promtool(['check', 'rules', RULES], {
      [RULES]: { groups: ruleGroups() },
    });
    expect(output).toContain(`SUCCESS: ${alerts().length} rules found`);
    expect(isGood, output).toBe(true);
  });

  test('understands every query of the dashboard', async () => {
    const queries = PANELS.flatMap(({ targets = [] }) => targets.map(({ expr }) => filledIn(expr)));
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
    const files = { 'queries.json': { groups: [{ name: 'dashboard', rules }] } };
    const { isGood, output } = await promtool(['check', 'rules', 'queries.json'], files);
    expect(isGood, output).toBe(true);
    expect(output).toContain(`${queries.length} rules found`);
  });

  test.each(ALERT_CASES)('$alert fires and resolves: $story', async (given) => {
    const files = {
      [RULES]: bareGroups(),
      'test.json': { rule_files: [RULES], evaluation_interval: '1m', tests: [promtoolTest(given)] },
    };
    const { isGood, output } = await promtool(['test', 'rules', 'test.json'], files);
    expect(isGood, output).toBe(true);
  });

  test('renders the texts: no label is empty, no function unknown', async () => {
    const given = ALERT_CASES.find(({ alert }) => alert === 'ServiceWithHealthchecksProbesNotMade');
    const files = {
      [RULES]: { groups: ruleGroups() },
      'test.json': { rule_files: [RULES], evaluation_interval: '1m', tests: [given && promtoolTest(given)] },
    };
    // Told no texts, promtool shows those that it got.
    const { output } = await promtool(['test', 'rules', 'test.json'], files);
    expect(output).toContain('Probes on node node-1 cannot be made (CheckerStalled).');
    expect(output).toMatch(/For 10 minutes \d+(\.\d+)?% of the probes/);
  });
});

test('every alert has a case', () => {
  expect(new Set(ALERT_CASES.map(({ alert }) => alert))).toEqual(new Set(alerts().map(({ alert }) => alert)));
});

test.each(ALERT_CASES)('the series of the case of $alert ($story) are real ones', async ({ series }) => {
  const exposed = await exposedMetrics();
  for (const [name] of series) expect(unknownIn(name, exposed, TARGET_LABELS), name).toEqual([]);
});
