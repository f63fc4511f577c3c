import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TarEntry, tarOf } from '../../../../dev/release/tar.ts';

const file = (path: string, text = 'x', executable = false): TarEntry => ({
  kind: 'file',
  path,
  content: Buffer.from(text),
  executable,
});

describe('tarOf', () => {
  test('is what tar unpacks', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tar-test-'));
    try {
      const archive = tarOf([
        file('a/b/program', 'p'.repeat(1000), true),
        file('a/text', ''),
        file('b', 'é'),
        { kind: 'directory', path: 'empty/inside' },
      ]);
      execFileSync('tar', ['-x', '-C', folder], { input: archive });
      expect(readFileSync(join(folder, 'a/b/program'), 'utf8')).toBe('p'.repeat(1000));
      expect(readFileSync(join(folder, 'a/text'), 'utf8')).toBe('');
      expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('é');
      const modeOf = (path: string) => statSync(join(folder, path)).mode & 0o777;
      expect(['a/b/program', 'a/text', 'empty/inside'].map(modeOf)).toEqual([0o755, 0o644, 0o755]);
      expect(statSync(join(folder, 'b')).mtimeMs).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('names each folder once, before what is in it', () => {
    const listed = execFileSync('tar', ['-t'], { input: tarOf([file('b/y'), file('b/x'), file('a')]) });
    expect(listed.toString().trim().split('\n')).toEqual(['a', 'b/', 'b/x', 'b/y']);
  });

  test('does not depend on the order of the entries', () => {
    const entries = ['a/b', 'a-b', 'a/c/d', 'z', 'Z'].map((path) => file(path, path));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        expect(tarOf(shuffled).equals(tarOf(entries))).toBe(true);
      }),
    );
  });

  test.each([
    { name: 'an absolute path', entries: [file('/etc/passwd')], message: 'not a plain relative path' },
    {
      name: 'a path that leaves the archive',
      entries: [file('a/../../b')],
      message: 'not a plain relative path',
    },
    { name: 'a path twice', entries: [file('a'), file('a')], message: 'put a into an archive twice' },
    {
      name: 'a path too long for the format',
      entries: [file('a'.repeat(101))],
      message: 'longer than 100 bytes',
    },
  ])('refuses $name', ({ entries, message }) => {
    expect(() => tarOf(entries)).toThrow(message);
  });
});
