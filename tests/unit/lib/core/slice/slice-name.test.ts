import { describe, expect, it } from 'vitest';
import { type SliceIdentity, sliceName } from '#lib/core/slice/slice-name.ts';

const identity: SliceIdentity = { swhUid: 'u', nodeName: 'n1', family: 'IPv4', portsKey: '[]', chunk: 0 };

describe('sliceName', () => {
  it('is the same for the same identity', () => {
    expect(sliceName('web', identity)).toBe(sliceName('web', { ...identity }));
    expect(sliceName('web', identity)).toMatch(/^web-[0-9a-f]{16}$/);
  });

  it.each<{ name: string; other: Partial<SliceIdentity> }>([
    { name: 'object', other: { swhUid: 'v' } },
    { name: 'node', other: { nodeName: 'n2' } },
    { name: 'family', other: { family: 'IPv6' } },
    { name: 'ports', other: { portsKey: '[1]' } },
    { name: 'chunk', other: { chunk: 1 } },
  ])('differs with the $name', ({ other }) => {
    expect(sliceName('web', { ...identity, ...other })).not.toBe(sliceName('web', identity));
  });

  it('keeps (a-b, c) and (a, b-c) apart', () => {
    const one = sliceName('web', { ...identity, swhUid: 'u1', nodeName: 'x-n1' });
    const other = sliceName('web-x', { ...identity, swhUid: 'u2', nodeName: 'n1' });
    expect(one).not.toBe(other);
  });

  it('is an object name however long the name of the object is', () => {
    const name = sliceName(`${'a'.repeat(235)}.${'b'.repeat(17)}`, identity);
    expect(name).toMatch(/^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/);
    expect(name.length).toBeLessThanOrEqual(253);
    expect(name).not.toContain('.-');
  });
});
