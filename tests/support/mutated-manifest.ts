import fc from 'fast-check';
import { BAD_OBJECTS, GOOD_OBJECTS, type Manifest } from './resource-corpus.ts';

/** Values that fields of the resource are likely to mistake for one of theirs. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  1,
  -1,
  1.5,
  15,
  20,
  8080,
  65_536,
  2 ** 31,
  1e300,
  '',
  '0',
  '8080',
  'http',
  'HTTP',
  'TCP',
  'UDP',
  'AtLeast',
  'MinimumReady',
  'None',
  '/x',
  'a b',
  '200-299',
  'Пример',
  '\ud800',
  '\0',
  '__proto__',
  'x'.repeat(300),
  [],
  {},
  [null],
  [{}],
  [1],
  ['a'],
  { a: 1 },
  { targetPort: 80 },
  { type: 'Any' },
];

/** Objects of the corpus in which up to three values, wherever they are, have been replaced or removed. */
export function mutated(): fc.Arbitrary<Manifest> {
  const replacement = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ODD_VALUES) },
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant(undefined),
  );
  const change = fc.record({ where: fc.nat(), value: replacement });
  return fc
    .tuple(fc.constantFrom(...GOOD_OBJECTS, ...BAD_OBJECTS), fc.array(change, { maxLength: 3 }))
    .map(([{ object }, changes]) => ({
      ...object,
      spec: changes.reduce<unknown>((spec, { where, value }) => replaceAt(spec, where, value), object.spec),
    }));
}

/** Replaces the value at the `where`-th place (counted round the places there are); undefined removes it. */
function replaceAt(root: unknown, where: number, value: unknown): unknown {
  const places = placesOf(root, []);
  const place = places[where % Math.max(places.length, 1)];
  return place === undefined ? root : rebuilt(root, place, value);
}

type Place = readonly (string | number)[];

function placesOf(value: unknown, place: Place): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => {
    const child = [...place, key];
    return [child, ...placesOf(Reflect.get(value, key), child)];
  });
}

function rebuilt(root: unknown, [key, ...rest]: Place, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(root))
    return root.map((item, index) => (index === key ? (rebuilt(item, rest, value) ?? null) : item));
  const entries = Object.entries(root ?? {}).map(
    ([name, field]) => [name, name === key ? rebuilt(field, rest, value) : field] as const,
  );
  return Object.fromEntries(entries.filter(([, field]) => field !== undefined));
}
