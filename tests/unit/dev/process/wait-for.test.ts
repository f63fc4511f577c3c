import { expect, test } from 'vitest';
import { GiveUpError, waitFor } from '../../../../dev/process/wait-for.ts';

const brief = { deadlineMs: 40, intervalMs: 1 };

test('returns the first answer, however often the probe failed before', async () => {
  let calls = 0;
  const probe = async () => {
    calls += 1;
    if (calls === 1) throw new Error('refused');
    return calls === 3 ? 'there' : undefined;
  };
  await expect(waitFor('it', probe)).resolves.toBe('there');
});

test('names what never came true, and the last failure in one line', async () => {
  const probe = async () => {
    throw new Error('refused\nat somewhere');
  };
  await expect(waitFor('the moon to rise', probe, brief)).rejects.toThrow(
    /^waited 40 ms in vain for the moon to rise; last failure: refused$/,
  );
});

test('ends at once when waiting cannot help', async () => {
  const probe = async () => {
    throw new GiveUpError('program ended');
  };
  await expect(waitFor('it', probe)).rejects.toThrow('program ended');
});
