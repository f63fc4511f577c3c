import { describe, expect, it } from 'vitest';
import { SchemaScanner } from '#lib/kube/schema-scanner.ts';

const DOCUMENT = JSON.stringify({
  paths: { a: { $ref: '#/components/schemas/v1.Spec' } },
  components: {
    schemas: {
      'v1.SpecList': { properties: { items: {} } },
      'v1.Spec': {
        description: 'braces { and "quotes" and \\ in text – }',
        properties: { a: { type: 'string', default: {} }, b: { properties: { c: {} } } },
      },
      'v1.Bare': { type: 'object' },
    },
  },
});

/** What is found when the document arrives in pieces of so many bytes. */
function propertiesOf(text: string, type: string, size: number): readonly string[] | undefined {
  const scanner = new SchemaScanner(type);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.subarray(at, at + size));
  return scanner.properties();
}

describe('the properties in a description', () => {
  it.each([
    { type: 'v1.Spec', want: ['a', 'b'] },
    { type: 'v1.SpecList', want: ['items'] },
    { type: 'v1.Bare', want: [] },
    { type: 'v1.Other', want: undefined },
  ])('of $type are $want, in whatever pieces it arrives', ({ type, want }) => {
    const indented = JSON.stringify(JSON.parse(DOCUMENT), undefined, 2);
    for (const text of [DOCUMENT, indented]) {
      for (const size of [1, 7, 64, 10_000]) expect(propertiesOf(text, type, size)).toEqual(want);
    }
  });

  it('are not known of a document that is cut off', () => {
    expect(propertiesOf(DOCUMENT.slice(0, -20), 'v1.Bare', 10)).toBeUndefined();
    expect(propertiesOf('', 'v1.Spec', 10)).toBeUndefined();
  });
});
