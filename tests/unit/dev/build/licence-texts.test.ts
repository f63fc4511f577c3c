import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../dev/build/layout.ts';
import { programLicences } from '../../../../dev/build/licence-texts.ts';
import { parseYaml } from '../../../../dev/manifest/yaml.ts';
import { licenceTitles } from '../../../support/licences.ts';
import { list, readText, record } from '../../../support/module-files.ts';

const locked = record(record(JSON.parse(readText('package-lock.json')))['packages']);
const packages = list(parseYaml(readText('oss.yaml')))
  .map((entry) => record(entry))
  .filter(({ name }) => `node_modules/${name}` in locked);

describe('programLicences', () => {
  it('holds the licence of each package, ours first, then that of Go', async () => {
    const text = await programLicences(packages.map(({ name }) => `node_modules/${name}`));
    const [own, go, ...others] = licenceTitles(text);
    expect(own).toBe('service-with-healthchecks');
    expect(go).toMatch(/^Go \d+\.\d+/);
    expect(packages.length).toBeGreaterThan(15);
    expect(others).toEqual(packages.map(({ name, version }) => `${name} ${version}`));
  });

  it.each(packages)('has terms and a holder for $name', async ({ name, license }) => {
    const whole = await programLicences([`node_modules/${name}`]);
    const text = whole.slice(whole.lastIndexOf('='.repeat(80)));
    const terms: Readonly<Record<string, RegExp>> = {
      MIT: /Permission is hereby granted, free of charge/,
      ISC: /Permission to use, copy, modify, and\/or distribute this software/,
      'Apache-2.0': /Apache License\s+Version 2\.0/,
    };
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(terms[String(license)] ?? /^$/);
    expect(text).toMatch(/copyright/i);
  });

  it('is the same each time', async () => {
    const place = ['node_modules/pg-types', 'node_modules/pgpass'];
    expect(await programLicences(place)).toBe(await programLicences(place));
  });

  it.each([
    ['no licence at all', '# a\n\nIts licence is the best.\n'],
    ['an empty section', '# a\n\n## License\n\n## Authors\n\nNobody\n'],
  ])('refuses a package with %s', async (_what, readme) => {
    const folder = mkdtempSync(join(tmpdir(), 'swh-package-'));
    try {
      writeFileSync(join(folder, 'package.json'), '{"name":"a","version":"1.0.0"}');
      writeFileSync(join(folder, 'README.md'), readme);
      await expect(programLicences([relative(ROOT, folder)])).rejects.toThrow('no text of its licence');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
