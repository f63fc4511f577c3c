import { keyOf, type ObjectRef, type Secret } from '#lib/core/kubernetes.ts';
import { Informer, type InformerDeps } from '#lib/kube/informer.ts';
import { SECRETS } from '#lib/kube/resources.ts';
import {
  type ClientCertificateResult,
  parseClientCertificate,
  TLS_SECRET_KEYS,
} from '#lib/probe/client-certificate.ts';
import { type CredentialsResult, parseCredentials } from '#lib/probe/credentials.ts';

interface WatchedSecret {
  readonly owners: Set<string>;
  readonly informer: Informer<Secret>;
  readonly controller: AbortController;
  credentials: CredentialsResult;
  clientCertificate: ClientCertificateResult;
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

  /** `onChange` is called when what probes take from a Secret may have changed. */
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
    const secret = this.#get({ namespace, name });
    return 'missing' in secret ? secret : secret.credentials;
  }

  /** The client certificate in a Secret, from memory: see `ClientCertificateLookup`. */
  clientCertificate(namespace: string, name: string): ClientCertificateResult {
    const secret = this.#get({ namespace, name });
    return 'missing' in secret ? secret : secret.clientCertificate;
  }

  /** Ends every watch. */
  stop(): void {
    for (const { controller } of this.#secrets.values()) controller.abort();
    this.#secrets.clear();
  }

  #get(ref: ObjectRef): WatchedSecret | Missing {
    const secret = this.#secrets.get(`${ref.namespace}/${ref.name}`);
    if (secret === undefined) return notReadYet(ref);
    return secret.informer.hasSynced() && secret.informer.all().length === 0 ? absent(ref) : secret;
  }

  #follow(key: string, ref: ObjectRef): WatchedSecret {
    const informer = new Informer<Secret>(this.#deps, {
      resource: SECRETS,
      scope: { namespace: ref.namespace, fieldSelector: `metadata.name=${ref.name}` },
      transform: slimSecret,
    });
    const controller = new AbortController();
    const unread = notReadYet(ref);
    const contents = { credentials: unread, clientCertificate: unread };
    const secret: WatchedSecret = { owners: new Set(), informer, controller, ...contents };
    this.#secrets.set(key, secret);
    informer.onChange(({ current }) => {
      secret.credentials = current === undefined ? absent(ref) : parseCredentials(current);
      secret.clientCertificate = current === undefined ? absent(ref) : parseClientCertificate(current);
      this.#onChange(ref);
    });
    void informer.run(controller.signal);
    return secret;
  }
}

/** What is said of a Secret that is not there. */
interface Missing {
  readonly missing: string;
}

/** Only the keys that probes read: a Secret may hold much more. */
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
    data: Object.fromEntries(Object.entries(secret.data ?? {}).filter(([key]) => USED_KEYS.has(key))),
  };
}

const USED_KEYS: ReadonlySet<string> = new Set([
  ...Object.values(TLS_SECRET_KEYS),
  'user',
  'password',
  'tlsMode',
  'caCert',
  'clientCert',
  'clientKey',
]);

function absent(ref: ObjectRef): Missing {
  return { missing: `Secret ${nameOf(ref)} does not exist` };
}

function notReadYet(ref: ObjectRef): Missing {
  return { missing: `Secret ${nameOf(ref)} could not be read yet` };
}

function nameOf({ namespace, name }: ObjectRef): string {
  return keyOf({ metadata: { namespace, name } });
}
