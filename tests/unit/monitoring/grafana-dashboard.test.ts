import { beforeAll, describe, expect, it } from 'vitest';
import { type ExposedMetrics, exposedMetrics, TARGET_LABELS } from '../../support/exposed-metrics.ts';
import { DASHBOARD, filledIn, PANELS } from '../../support/grafana-dashboard.ts';
import { unknownIn } from '../../support/promql.ts';

const VARIABLES = DASHBOARD.templating.list;
const QUERIES = PANELS.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

let exposed: ExposedMetrics;
beforeAll(async () => {
  exposed = await exposedMetrics();
});

describe('panels', () => {
  it.each(PANELS.map((panel) => [panel.title, panel] as const))(
    '%s says what it shows and in which unit',
    (title, panel) => {
      expect(title).not.toBe('');
      expect(panel.description).toMatch(/\.$/);
      expect(panel.fieldConfig?.defaults.unit).toMatch(/^\w+$/);
      expect(['stat', 'timeseries', 'state-timeline']).toContain(panel.type);
      expect(panel).not.toHaveProperty('alert');
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const { datasource } of panel.targets ?? []) {
        expect(datasource).toEqual({ type: 'prometheus', uid: '$ds_prometheus' });
      }
    },
  );

  it('have numbers, titles and places of their own', () => {
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });
});

describe('queries', () => {
  it.each(QUERIES)('of %s ask for what the programs expose', (_title, expr) => {
    expect(unknownIn(filledIn(expr), exposed, TARGET_LABELS)).toEqual([]);
  });

  it.each(QUERIES)('of %s use variables that there are', (_title, expr) => {
    const used = [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name);
    const known = ['__rate_interval', ...VARIABLES.map(({ name }) => name)];
    expect(used.filter((name) => name === undefined || !known.includes(name))).toEqual([]);
  });

  it('show every metric of the product', () => {
    const text = JSON.stringify(DASHBOARD);
    const families = [...exposed.keys()].map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
    const hidden = [...new Set(families)].filter((name) => name.startsWith('swh_') && !text.includes(name));
    // The depth of an agent's queue and its worst start explain a fault found by another metric.
    expect(hidden).toEqual(['swh_agent_queue_depth', 'swh_agent_event_loop_delay_seconds']);
  });
});

describe('variables', () => {
  it('have the data source that Deckhouse fills in', () => {
    expect(VARIABLES[0]).toMatchObject({ name: 'ds_prometheus', type: 'datasource', query: 'prometheus' });
  });

  it.each(VARIABLES.slice(1).map((variable) => [variable.name, variable] as const))(
    '%s lists what there is',
    (name, variable) => {
      const [, selector = '', label = ''] =
        /^label_values\((.+), (\w+)\)$/.exec(variable.definition ?? '') ?? [];
      expect(label).toBe(name);
      expect(variable.datasource?.uid).toBe('$ds_prometheus');
      expect(unknownIn(`sum by (${label}) (${filledIn(selector)})`, exposed, TARGET_LABELS)).toEqual([]);
    },
  );
});
