import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** What a TLS client brings: PEM texts, all optional. */
export interface TlsIdentity {
  /** Certificates to verify the server against instead of the default roots. */
  readonly caCert?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** The context, or which setting cannot be used. */
export type TlsContextResult =
  | { readonly kind: 'context'; readonly context: SecureContext }
  | { readonly kind: 'invalid'; readonly setting: 'caCert' | 'clientCert'; readonly message: string };

/** More distinct CA bundles than one node's objects are likely to name; a context takes about 100 kB. */
const MOST_CONTEXTS = 64;

/**
 * TLS contexts by their settings, kept because parsing the certificates anew would cost more than the probe.
 * The least recently used context goes first.
 */
export class TlsContexts {
  readonly #results = new Map<string, TlsContextResult>();

  /** The context for these settings; invalid for a text that is no certificate or no key. */
  get(identity: TlsIdentity): TlsContextResult {
    const { caCert, clientCert, clientKey } = identity;
    const key = JSON.stringify([caCert, clientCert, clientKey]);
    const result = this.#results.get(key) ?? createContext(identity);
    this.#results.delete(key);
    this.#results.set(key, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > MOST_CONTEXTS && oldest !== undefined) {
      this.#results.delete(oldest);
    }
    return result;
  }
}

function createContext({ caCert, clientCert, clientKey }: TlsIdentity): TlsContextResult {
  if (caCert !== undefined && !holdsCertificates(caCert)) {
    return {
      kind: 'invalid',
      setting: 'caCert',
      message: 'caCert holds no PEM certificate, or a broken one',
    };
  }
  try {
    const context = createSecureContext({
      ...(caCert !== undefined && { ca: caCert }),
      ...(clientCert !== undefined && { cert: clientCert }),
      ...(clientKey !== undefined && { key: clientKey }),
    });
    return { kind: 'context', context };
  } catch {
    // The error's text may quote the key.
    const message = 'clientCert and clientKey are no PEM certificate with its key';
    return { kind: 'invalid', setting: 'clientCert', message };
  }
}

/** Node takes any text as `ca` and then trusts nobody, which would look like a fault of the server. */
function holdsCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate);
}

function isCertificate(block: string): boolean {
  try {
    new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}
