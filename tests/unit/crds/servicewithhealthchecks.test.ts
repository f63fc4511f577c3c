import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCrdSchema, type SchemaNode } from '../../../dev/generate/crd-schema.ts';

const FOLDER = new URL('../../../crds/', import.meta.url).pathname;
const english = readCrdSchema(`${FOLDER}servicewithhealthchecks.yaml`);
const russian = readCrdSchema(`${FOLDER}doc-ru-servicewithhealthchecks.yaml`);

/** Fields that Kubernetes itself explains. */
const SELF_EVIDENT = ['apiVersion', 'kind', 'metadata'];

describe('the resource definition', () => {
  it('describes every field', () => {
    const bare = nodesOf(english, '').filter(
      ({ path, node }) => node.description === undefined && !path.endsWith('[]'),
    );
    expect(bare.map(({ path }) => path)).toEqual(SELF_EVIDENT);
  });

  it('describes the same fields in Russian, and nothing else', () => {
    expect(describedIn(russian)).toEqual(describedIn(english));
    expect(
      nodesOf(russian, '')
        .flatMap(({ node }) => Object.keys(node))
        .filter((key) => !['description', 'properties', 'items'].includes(key)),
    ).toEqual([]);
  });

  it('has no Cyrillic in English and no English sentence in Russian', () => {
    expect(readFileSync(`${FOLDER}servicewithhealthchecks.yaml`, 'utf8')).not.toMatch(/[а-яё]/i);
    const untranslated = nodesOf(russian, '').filter(
      ({ node }) => node.description !== undefined && !/[а-яё]{3}/i.test(node.description),
    );
    expect(untranslated).toEqual([]);
  });

  it('limits every text and list that users write, so that rules stay cheap', () => {
    const spec = nodesOf(english.properties?.['spec'] ?? {}, 'spec');
    const open = spec.filter(
      ({ node }) =>
        (node.type === 'array' && node.maxItems === undefined) ||
        (node.type === 'string' && node.enum === undefined && node.maxLength === undefined),
    );
    expect(open.map(({ path }) => path)).toEqual([]);
  });
});

interface PlacedNode {
  readonly path: string;
  readonly node: SchemaNode;
}

function nodesOf(node: SchemaNode, path: string): readonly PlacedNode[] {
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    nodesOf(child, path === '' ? name : `${path}.${name}`),
  );
  return [{ path, node }, ...fields, ...(node.items === undefined ? [] : nodesOf(node.items, `${path}[]`))];
}

function describedIn(root: SchemaNode): readonly string[] {
  return nodesOf(root, '')
    .filter(({ node }) => node.description !== undefined)
    .map(({ path }) => path);
}
