import { beforeAll, describe, expect, it } from 'vitest';
import { type ExposedMetrics, exposedMetrics, TARGET_LABELS } from '../../support/exposed-metrics.ts';
import { type Alert, alerts, ruleGroups } from '../../support/prometheus-rules.ts';
import { unknownIn } from '../../support/promql.ts';

let exposed: ExposedMetrics;
beforeAll(async () => {
  exposed = await exposedMetrics();
});

describe('alerts', () => {
  it('have names of their own, and so have their groups', () => {
    const names = [...alerts().map(({ alert }) => alert), ...ruleGroups().map(({ name }) => name)];
    expect(new Set(names).size).toBe(names.length);
    expect(alerts().length).toBeGreaterThan(10);
  });

  it.each(alerts().map((alert) => [alert.alert, alert] as const))(
    '%s is as Deckhouse expects',
    (name, alert) => {
      expect(name).toMatch(/^ServiceWithHealthchecks[A-Z][A-Za-z]+$/);
      expect(alert.labels['severity_level']).toMatch(/^[1-9]$/);
      expect(['cluster', 'application']).toContain(alert.labels['tier']);
      expect(alert.labels).toMatchObject({ d8_module: 'service-with-healthchecks' });
      expect(alert.annotations).toMatchObject({ plk_protocol_version: '1', plk_markup_format: 'markdown' });
      expect(alert.annotations['summary']).toMatch(/^\S.{10,118}\.$/);
      expect(JSON.stringify(alert)).not.toMatch(/[а-яё]/i);
    },
  );

  it.each(alerts().map((alert) => [alert.alert, alert] as const))('%s tells what to do', (_name, alert) => {
    const description = alert.annotations['description'] ?? '';
    expect(description).toMatch(/^(?:1\.|-) /m);
    expect(description).toMatch(/`kubectl|`swh_|`process_/);
  });

  it.each(alerts().map((alert) => [alert.alert, alert] as const))(
    '%s asks for what the programs expose, and names only labels that its result has',
    (_name, alert) => {
      expect(unknownIn(alert.expr, exposed, TARGET_LABELS)).toEqual([]);
      expect(lostLabels(alert)).toEqual([]);
    },
  );
});

/** Labels that the texts show although the expression aggregates them away. */
function lostLabels({ expr, annotations }: Alert): readonly string[] {
  const lists = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
  if (lists.length === 0) return [];
  const shown = [
    ...Object.values(annotations)
      .join('\n')
      .matchAll(/\$labels\.(\w+)/g),
  ];
  return shown.map(([, label = '']) => label).filter((label) => !lists.includes(label));
}

describe('the check itself', () => {
  it.each([
    ['a metric that nobody has', 'swh_agent_tragets > 1', ['metric swh_agent_tragets']],
    ['a label that the metric has not', 'sum by (queue) (swh_agent_targets)', ['label queue']],
    ['a wrong matcher', 'swh_controller_condition{kind="Ready"}', ['label kind']],
    ['nothing of ours', 'up == 0', ['no metric of the product']],
    ['nothing wrong', 'max by (node) (swh_agent_targets{node!="a"})', []],
  ])('finds %s', (_what, expression, unknown) => {
    expect(unknownIn(expression, exposed, TARGET_LABELS)).toEqual(unknown);
  });
});
