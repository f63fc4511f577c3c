import { expect, it } from 'vitest';
import { SharedLock } from '../../../../dev/oracle/shared-lock.ts';

it('lets many share, one be alone, and nobody overtake', async () => {
  const lock = new SharedLock();
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const work = (name: string) => async (): Promise<void> => {
    log.push(`${name} starts`);
    await new Promise<void>((resolve) => gates.set(name, resolve));
    log.push(`${name} ends`);
  };
  const end = async (name: string): Promise<void> => {
    gates.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const all = [
    lock.share(work('a')),
    lock.share(work('b')),
    lock.alone(work('c')),
    lock.share(work('d')),
    lock.alone(work('e')),
  ];
  await end('none');
  expect(log.splice(0)).toEqual(['a starts', 'b starts']);
  await end('a');
  expect(log.splice(0)).toEqual(['a ends']);
  await end('b');
  expect(log.splice(0)).toEqual(['b ends', 'c starts']);
  await end('c');
  expect(log.splice(0)).toEqual(['c ends', 'd starts']);
  await end('d');
  await end('e');
  expect(log).toEqual(['d ends', 'e starts', 'e ends']);
  await Promise.all(all);
});

it('goes on after work that fails', async () => {
  const lock = new SharedLock();
  await expect(lock.alone(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await lock.share(async () => 'done')).toBe('done');
});
