import { readFileSync } from 'node:fs';
import { parseYaml } from '../manifest/yaml.ts';

/** One node of a structural schema, reduced to the keywords that the custom resource definition uses. */
export interface SchemaNode {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
  readonly items?: SchemaNode;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: SchemaNode } }[];
  };
}

/** The schema of the only version in a CustomResourceDefinition file. Throws if there is none. */
export function readCrdSchema(file: string): SchemaNode {
  // The file is our own source; the tests hold it against a real API server.
  const definition = parseYaml(readFileSync(file, 'utf8')) as CustomResourceDefinition;
  const version = definition.spec.versions[0];
  if (version === undefined) throw new Error(`read ${file}: no versions; declare one`);
  return version.schema.openAPIV3Schema;
}

/** The schema of one property. Throws if the parent does not declare it. */
export function propertyOf(node: SchemaNode, name: string): SchemaNode {
  const property = node.properties?.[name];
  if (property === undefined) throw new Error(`read the schema: no property ${name}`);
  return property;
}
