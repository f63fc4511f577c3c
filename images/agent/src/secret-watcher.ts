import { keyOf, type ObjectRef, type Secret } from '#lib/core/kubernetes.ts';
import { Informer, type InformerDeps } from '#lib/kube/informer.ts';
import { SECRETS } from '#lib/kube/resources.ts';
import { type CredentialsResult, parseCredentials } from '#lib/probe/credentials.ts';

interface WatchedSecret {
  readonly owners: Set<string>;
  readonly informer: Informer<Secret>;
  readonly controller: AbortController;
  credentials: CredentialsResult;
}

/**
 * Follows exactly the Secrets that probes of this node refer to, each by a list and watch of its own that is limited
 * to its name: so the right to read it can be limited to its name too. A Secret that is absent, or that
 * may not be read yet, is waited for.
 */
export class SecretWatcher {
  readonly #deps: InformerDeps;
  readonly #onChange: (ref: ObjectRef) => void;
  readonly #secrets = new Map<string, WatchedSecret>();

  /** `onChange` is called when the credentials of a Secret may have changed. */
  constructor(deps: InformerDeps, onChange: (ref: ObjectRef) => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  /** Number of Secrets that are followed. */
  get size(): number {
    return this.#secrets.size;
  }

  /** Replaces the Secrets that the owner needs; one that nobody needs is forgotten. */
  require(owner: string, refs: readonly ObjectRef[]): void {
    const needed = new Map(refs.map((ref) => [`${ref.namespace}/${ref.name}`, ref]));
    for (const [key, ref] of needed) {
      const secret = this.#secrets.get(key) ?? this.#follow(key, ref);
      secret.owners.add(owner);
    }
    for (const [key, secret] of this.#secrets) {
      if (needed.has(key) || !secret.owners.delete(owner) || secret.owners.size > 0) continue;
      secret.controller.abort();
      this.#secrets.delete(key);
    }
  }

  /** The credentials in a Secret, from memory: see `CredentialsLookup`. */
  lookup(namespace: string, name: string): CredentialsResult {
    const secret = this.#secrets.get(`${namespace}/${name}`);
    if (secret === undefined) return notReadYet({ namespace, name });
    if (secret.informer.hasSynced() && secret.informer.all().length === 0) return absent({ namespace, name });
    return secret.credentials;
  }

  /** Ends every watch. */
  stop(): void {
    for (const { controller } of this.#secrets.values()) controller.abort();
    this.#secrets.clear();
  }

  #follow(key: string, ref: ObjectRef): WatchedSecret {
    const informer = new Informer<Secret>(this.#deps, {
      resource: SECRETS,
      scope: { namespace: ref.namespace, fieldSelector: `metadata.name=${ref.name}` },
      transform: slimSecret,
    });
    const controller = new AbortController();
    const secret: WatchedSecret = { owners: new Set(), informer, controller, credentials: notReadYet(ref) };
    this.#secrets.set(key, secret);
    informer.onChange(({ current }) => {
      secret.credentials = current === undefined ? absent(ref) : parseCredentials(current);
      this.#onChange(ref);
    });
    void informer.run(controller.signal);
    return secret;
  }
}

/** Only the keys that credentials are read from: a Secret may hold much more. */
function slimSecret(secret: Secret): Secret {
  const { name, namespace, uid, resourceVersion } = secret.metadata;
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    ...(secret.type === undefined ? {} : { type: secret.type }),
    data: Object.fromEntries(Object.entries(secret.data ?? {}).filter(([key]) => CREDENTIAL_KEYS.has(key))),
  };
}

const CREDENTIAL_KEYS: ReadonlySet<string> = new Set([
  'user',
  'password',
  'tlsMode',
  'caCert',
  'clientCert',
  'clientKey',
]);

function absent(ref: ObjectRef): CredentialsResult {
  return { missing: `Secret ${nameOf(ref)} does not exist` };
}

function notReadYet(ref: ObjectRef): CredentialsResult {
  return { missing: `Secret ${nameOf(ref)} could not be read yet` };
}

function nameOf({ namespace, name }: ObjectRef): string {
  return keyOf({ metadata: { namespace, name } });
}
