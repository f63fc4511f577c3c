import { describe, expect, test } from 'vitest';
import { cut, mutated, seededRandom } from '../../../../dev/fuzz/mutator.ts';
import { fuzzOnce, type Subject } from '../../../../dev/fuzz/subject.ts';
import { SUBJECTS } from '../../../../dev/fuzz/subjects.ts';

/** `npm run fuzz` feeds a million, with another seed each time. */
const INPUTS_EACH = 400;
const SEED = Number(process.env['PROPERTY_SEED'] ?? 1);

describe('readers of what targets send', () => {
  test.each(SUBJECTS.map((subject) => ({ name: subject.name, subject })))(
    '$name: any bytes end within the bounds, however they are cut',
    async ({ subject }) => {
      const random = seededRandom(SEED);
      for (let index = 0; index < INPUTS_EACH; index++) {
        expect(await fuzzOnce(subject, random)).toBeUndefined();
      }
    },
    60_000,
  );
});

describe('the fuzzer', () => {
  const material = { wholes: [Buffer.from('abcabcabc')], pieces: [Buffer.from('x')] };
  const broken = (read: Subject['read']): Subject => ({ name: 'broken', material, read });
  const firstOf = async (subject: Subject): Promise<string | undefined> => {
    const random = seededRandom(1);
    for (let index = 0; index < 100; index++) {
      const finding = await fuzzOnce(subject, random);
      if (finding !== undefined) return finding.what;
    }
    return undefined;
  };

  test('finds a reader that throws, and one for which the borders of pieces matter', async () => {
    expect(
      await firstOf(
        broken((pieces) => {
          if (Buffer.concat(pieces).includes('x')) throw new Error('x');
          return '';
        }),
      ),
    ).toContain('Error: x');
    expect(await firstOf(broken((pieces) => String(pieces.length)))).toContain('in pieces');
  });

  test('repeats itself for a seed, and cuts without loss', () => {
    const inputs = (): readonly Buffer[] => {
      const random = seededRandom(7);
      return Array.from({ length: 50 }, () => mutated(random, material));
    };
    expect(inputs()).toEqual(inputs());
    expect(new Set(inputs().map(String)).size).toBeGreaterThan(20);
    for (const input of inputs()) {
      expect(Buffer.concat(cut(seededRandom(3), input))).toEqual(input);
    }
  });
});
