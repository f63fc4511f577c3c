import { expect, test } from 'vitest';
import { parseOptions } from '../../../../dev/demo/options.ts';

test.each([
  { name: 'nothing', given: [], want: { kind: 'run', keep: false, plain: false } },
  { name: 'keep and plain', given: ['--keep', '--plain'], want: { kind: 'run', keep: true, plain: true } },
  { name: 'help wins', given: ['--keep', '-h'], want: { kind: 'help' } },
])('the command line is read: $name', ({ given, want }) => {
  expect(parseOptions(given)).toEqual(want);
});

test.each([['--frob'], ['file']])('a wrong word is named: %s', (word) => {
  expect(parseOptions([word])).toMatchObject({ kind: 'wrong', message: expect.stringContaining(word) });
});
