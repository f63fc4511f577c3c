import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from '#lib/kube/line-splitter.ts';

test('any lines come out whole, wherever the stream is cut', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const got: string[] = [];
      const splitter = new LineSplitter(1_000_000, (text) => got.push(text));
      let rest = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      for (const cut of cuts) {
        splitter.push(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      splitter.push(rest);
      splitter.end();
      expect(got).toEqual(lines);
    }),
  );
});

test('the last line needs no newline', () => {
  const got: string[] = [];
  const splitter = new LineSplitter(100, (text) => got.push(text));
  splitter.push(Buffer.from('a\n\nb'));
  splitter.end();
  expect(got).toEqual(['a', 'b']);
});

test('a line above the limit is refused, however many chunks it comes in', () => {
  const splitter = new LineSplitter(10, () => {});
  splitter.push(Buffer.from('12345678\n123456'));
  expect(() => splitter.push(Buffer.from('78901'))).toThrow(RangeError);
});
