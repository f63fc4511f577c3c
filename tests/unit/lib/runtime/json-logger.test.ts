import { expect, test } from 'vitest';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function aLogger(level: 'debug' | 'warn') {
  const lines: string[] = [];
  const logger = createJsonLogger({ level, clock: new FakeClock(), write: (line) => lines.push(line) });
  return { logger, lines };
}

test('a record is one line of JSON with the bound fields first', () => {
  const { logger, lines } = aLogger('debug');
  logger.with({ cr: 'a/b' }).info('slice\nwritten', { slice: 'x', node: undefined });
  expect(lines).toEqual([
    '{"time":"2026-01-01T00:00:00.000Z","level":"info","msg":"slice\\nwritten","cr":"a/b","slice":"x"}\n',
  ]);
});

test('records below the level are dropped', () => {
  const { logger, lines } = aLogger('warn');
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['c', 'd']);
});
