import type { Component } from './components.ts';

/**
 * The bill of materials of a release: CycloneDX 1.6, JSON. It has no serial number and no date, so equal releases
 * have equal bills.
 */
export function sbomOf(name: string, version: string, components: readonly Component[]): string {
  const root = {
    type: 'application',
    'bom-ref': name,
    name,
    version,
    licenses: [{ expression: 'Apache-2.0' }],
  };
  const sorted = components.toSorted((a, b) => (a.purl < b.purl ? -1 : 1));
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: root },
    components: sorted.map(billedComponent),
    dependencies: [{ ref: name, dependsOn: sorted.map(({ purl }) => purl) }],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function billedComponent({ name, version, description, link, license, purl, sha512 }: Component): object {
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    description,
    licenses: [{ expression: license }],
    purl,
    ...(sha512 !== undefined && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    externalReferences: [{ type: 'website', url: link }],
  };
}
