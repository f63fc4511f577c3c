import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../build/layout.ts';
import { parseYaml } from '../manifest/yaml.ts';
import { type ValuesSchema, withSchemaDefaults } from './schema-defaults.ts';

/** Settings of the module as a ModuleConfig has them. */
export type Settings = Readonly<Record<string, unknown>>;

/** What Deckhouse tells a chart about the cluster. */
export interface Platform {
  /** 0 where the control plane is somebody else's. */
  readonly masters: number;
  /** Nodes with the role `system`. */
  readonly systemNodes?: number;
  /** The global setting; missing: nobody has chosen. */
  readonly highAvailability?: boolean;
  /** Kinds that the API server serves beyond its own, as `group/version/Kind`. */
  readonly apis?: readonly string[];
  /** Default: a version with the role model of 1.78. */
  readonly deckhouseVersion?: string;
  /** Where images come from, and under which digests. Default: an example. */
  readonly images?: ImagePlaces;
}

export interface ImagePlaces {
  /** The module's registry; the repository of its images has the module's name. */
  readonly base: string;
  readonly controller: string;
  readonly agent: string;
}

/** Two masters or more have a redundant control plane. */
export const ONE_MASTER: Platform = { masters: 1 };

const EXAMPLE: ImagePlaces = {
  base: 'registry.example.com/modules',
  controller: `sha256:${'c'.repeat(64)}`,
  agent: `sha256:${'a'.repeat(64)}`,
};
const PLATFORM_REGISTRY = { base: 'registry.example.com/deckhouse', dockercfg: btoa('{"auths":{}}') };

/** The values that templates see: the settings with the defaults of the schema, and the platform. */
export function chartValues(settings: Settings, platform: Platform): Readonly<Record<string, unknown>> {
  const { base, controller, agent } = platform.images ?? EXAMPLE;
  const digests = { common: { kubeRbacProxy: `sha256:${'f'.repeat(64)}` } };
  return {
    global: {
      deckhouseVersion: platform.deckhouseVersion ?? 'v1.78.2',
      ...(platform.highAvailability !== undefined && { highAvailability: platform.highAvailability }),
      discovery: {
        clusterMasterCount: platform.masters,
        clusterControlPlaneIsHighlyAvailable: platform.masters > 1,
        d8SpecificNodeCountByRole: { system: platform.systemNodes ?? 0 },
        apiVersions: platform.apis ?? [],
      },
      internal: { modules: { kubeRBACProxyCA: { cert: 'CERTIFICATE' } } },
      modulesImages: {
        registry: PLATFORM_REGISTRY,
        digests: { ...digests, serviceWithHealthchecks: { controller, agent } },
      },
    },
    serviceWithHealthchecks: moduleValues(settings, { base, dockercfg: btoa('{"auths":{}}') }),
  };
}

/** Settings with all defaults, and what Deckhouse puts beside them. */
function moduleValues(settings: Settings, registry: unknown): unknown {
  const configured = withSchemaDefaults(readSchema('config-values.yaml'), settings);
  // A schema with properties gives an object for an object.
  return withSchemaDefaults(readSchema('values.yaml'), { ...(configured as Settings), registry });
}

function readSchema(file: string): ValuesSchema {
  // Our own file, in the form that Deckhouse prescribes.
  return parseYaml(readFileSync(join(ROOT, 'openapi', file), 'utf8')) as ValuesSchema;
}
