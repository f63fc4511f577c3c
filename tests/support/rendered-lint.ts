import { expect, it } from 'vitest';
import { type Rendered, renderChart } from '../../dev/chart/render-chart.ts';
import { CHART_VARIANTS } from './chart-variants.ts';

/** A rule of Deckhouse's linter, and what it finds in a rendered chart. */
export interface RenderedRule {
  readonly rule: string;
  /** A kind without which the rule has nothing to look at. */
  readonly needs?: string;
  findings(rendered: readonly Rendered[]): readonly string[];
}

/** One test for each rule, over every variant of the chart. */
export function checkRendered(rules: readonly RenderedRule[]): void {
  it.each(rules)('$rule', async ({ needs, findings }) => {
    const variants = CHART_VARIANTS.filter(
      ({ platform }) => needs === undefined || platform.apis?.includes(needs) === true,
    );
    expect(variants.length).toBeGreaterThan(0);
    for (const variant of variants) {
      const { name } = variant;
      expect({ name, found: findings(await renderedVariant(name)) }).toEqual({ name, found: [] });
    }
  });
}

const rendered = new Map<string, Promise<readonly Rendered[]>>();

/** What the variant of a name renders; each is rendered once in a test file. */
export function renderedVariant(name: string): Promise<readonly Rendered[]> {
  const known = rendered.get(name);
  if (known !== undefined) return known;
  const variant = CHART_VARIANTS.find((one) => one.name === name);
  if (variant === undefined) throw new Error(`no variant ${name}`);
  const { name: _, ...request } = variant;
  const made = renderChart(request);
  rendered.set(name, made);
  return made;
}

/** The finding, unless what it denies holds. */
export function complain(holds: boolean, finding: string): readonly string[] {
  return holds ? [] : [finding];
}
