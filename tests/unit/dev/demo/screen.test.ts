import { expect, test } from 'vitest';
import { frame } from '../../../../dev/demo/screen.ts';
import { span } from '../../../../dev/demo/text.ts';

test('a frame begins at the top, clears what a longer line left, and clears what is below', () => {
  const drawn = frame([[span('a', 'good')], []], true);
  expect(drawn).toBe('\x1b[?2026h\x1b[H\x1b[32ma\x1b[0m\x1b[K\r\n\x1b[K\x1b[J\x1b[?2026l');
});

test('without colour no look is painted', () => {
  expect(frame([[span('a', 'bad')]], false)).not.toContain('\x1b[31m');
});
