/** The real programs that the tests, the benchmarks and the bundle need, pinned by the Go modules in dev/go. */
export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-proxy'
  | 'kubectl'
  | 'coredns'
  | 'crane'
  | 'helm'
  | 'shell-operator'
  | 'addon-operator'
  | 'check-target';

/** How one program is built. */
export interface ProgramRecipe {
  /** Folder in dev/go that holds go.mod and go.sum. */
  readonly module:
    | 'kubernetes'
    | 'coredns'
    | 'crane'
    | 'helm'
    | 'shell-operator'
    | 'addon-operator'
    | 'check-target';
  /** The module in go.mod whose version is the program's; undefined for a program of our own, which has none. */
  readonly versionedBy: string | undefined;
  /** What `go build` is given. */
  readonly importPath: string;
  /** Whether the program learns its version from the linker only. */
  readonly stampsVersion: boolean;
}

const kubernetes = (name: string): ProgramRecipe => ({
  module: 'kubernetes',
  versionedBy: 'k8s.io/kubernetes',
  importPath: `k8s.io/kubernetes/cmd/${name}`,
  stampsVersion: true,
});

const operator = (name: 'shell-operator' | 'addon-operator'): ProgramRecipe => ({
  module: name,
  versionedBy: `github.com/flant/${name}`,
  importPath: `github.com/flant/${name}/cmd/${name}`,
  stampsVersion: false,
});

/** All recipes by program. */
export const recipes: Readonly<Record<ProgramName, ProgramRecipe>> = {
  etcd: {
    module: 'kubernetes',
    versionedBy: 'go.etcd.io/etcd/server/v3',
    importPath: 'go.etcd.io/etcd/server/v3',
    stampsVersion: false,
  },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-proxy': kubernetes('kube-proxy'),
  kubectl: kubernetes('kubectl'),
  coredns: {
    module: 'coredns',
    versionedBy: 'github.com/coredns/coredns',
    importPath: '.',
    stampsVersion: false,
  },
  crane: {
    module: 'crane',
    versionedBy: 'github.com/google/go-containerregistry',
    importPath: 'github.com/google/go-containerregistry/cmd/crane',
    stampsVersion: false,
  },
  helm: {
    module: 'helm',
    versionedBy: 'helm.sh/helm/v3',
    importPath: 'helm.sh/helm/v3/cmd/helm',
    stampsVersion: false,
  },
  'shell-operator': operator('shell-operator'),
  'addon-operator': operator('addon-operator'),
  'check-target': {
    module: 'check-target',
    versionedBy: undefined,
    importPath: '.',
    stampsVersion: false,
  },
};

/** The version of programs of our own, which nobody is told. */
const OWN_VERSION = '0';

/**
 * The version that go.mod requires of the module that versions the program, without the leading `v`. Throws when the
 * module is not required there.
 */
export function pinnedVersion(goMod: string, modulePath: string | undefined): string {
  if (modulePath === undefined) return OWN_VERSION;
  for (const line of goMod.split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require\s+/, '')
      .split(/\s+/);
    if (path === modulePath && version?.startsWith('v')) return version.slice(1);
  }
  throw new Error(`go.mod does not require ${modulePath}: add it with \`go get ${modulePath}\``);
}

/** The flags of `go build`: reproducible, small, and with the version that API clients will see. */
export function buildFlags(recipe: ProgramRecipe, version: string): readonly string[] {
  const stamp = recipe.stampsVersion ? ` -X k8s.io/component-base/version.gitVersion=v${version}` : '';
  return ['-p', '2', '-trimpath', '-ldflags', `-s -w${stamp}`];
}
