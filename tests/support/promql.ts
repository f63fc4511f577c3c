import type { ExposedMetrics } from './exposed-metrics.ts';

/** The names of our own metrics in a PromQL expression, and every label that it names. */
interface Mentioned {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

const OWN_METRIC = /\b(?:swh|process|nodejs)_[a-z_]+\b/g;
const LABEL_LIST = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SELECTOR = /\{([^}]*)\}/g;
const MATCHER = /([a-zA-Z_]+)\s*(?:=~|!~|!=|=)\s*"/g;

function mentionedIn(expression: string): Mentioned {
  const lists = [...expression.matchAll(LABEL_LIST)].flatMap(([, list = '']) => list.split(','));
  const matchers = [...expression.matchAll(SELECTOR)].flatMap(([, inner = '']) =>
    [...inner.matchAll(MATCHER)].map(([, label = '']) => label),
  );
  const labels = [...lists, ...matchers].map((label) => label.trim()).filter((label) => label !== '');
  const bare = expression.replaceAll(LABEL_LIST, '').replaceAll(SELECTOR, '');
  return { metrics: [...new Set(bare.match(OWN_METRIC) ?? [])], labels: [...new Set(labels)] };
}

/**
 * What an expression asks for that nobody exposes. An expression without any metric of ours is wrong as well: it says
 * nothing about the product.
 */
export function unknownIn(
  expression: string,
  exposed: ExposedMetrics,
  targetLabels: readonly string[],
): readonly string[] {
  const { metrics, labels } = mentionedIn(expression);
  if (metrics.length === 0) return ['no metric of the product'];
  const known = new Set([...targetLabels, ...metrics.flatMap((name) => [...(exposed.get(name) ?? [])])]);
  return [
    ...metrics.filter((name) => !exposed.has(name)).map((name) => `metric ${name}`),
    ...labels.filter((label) => !known.has(label)).map((label) => `label ${label}`),
  ];
}
