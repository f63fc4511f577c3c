/** One side, as it names things in rules and answers. */
export interface Subject {
  readonly namespace: string;
  /** Addresses of its Service; `None` of a headless one. */
  readonly clusterIps: readonly string[];
}

/**
 * What the rules of kube-proxy (the text of `nft list table`) say about the Services of one namespace, sorted, with
 * stand-ins for what must differ between two namespaces: name, addresses, node ports and the hashes made of them.
 * Chains and sets out of use, which kube-proxy empties at once and removes at some later change, say nothing.
 */
export function rulesAbout(text: string, subject: Subject): readonly string[] {
  const about: string[] = [];
  let block: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '}') block = undefined;
    else if (/^(?:chain|map|set) .* \{$/.test(line)) block = line;
    else if (
      block !== undefined &&
      !block.startsWith('set ') &&
      (concerns(line, subject) || concerns(block, subject))
    ) {
      about.push(neutral(`${block} ${line}`, subject));
    }
  }
  return about.toSorted();
}

/** The text with stand-ins for what is the side's own. */
export function neutral(text: string, { namespace, clusterIps }: Subject): string {
  const named = text
    .replace(/-[A-Z0-9]{8}-(?=[a-z0-9-]+\/)/g, '-')
    .replaceAll(namespace, 'NAMESPACE')
    .replace(/^(.*)elements = \{ /, '$1')
    .replace(/(?:,| \})$/, '')
    .replace(/\b(tcp|udp|sctp) \. 3\d{4}\b/g, '$1 . NODE_PORT');
  const addressed = clusterIps
    .toSorted((a, b) => b.length - a.length)
    .reduce(
      (all, address) =>
        all.replaceAll(new RegExp(`(?<![0-9a-f.:])${address}(?![0-9a-f.:])`, 'g'), 'CLUSTER_IP'),
      named,
    );
  return addressed.replace(/vmap \{ (.*)$/, (_, map: string) => `vmap ${choices(map)}`);
}

function concerns(line: string, { namespace }: Subject): boolean {
  return line.includes(`-${namespace}/`) || line.includes(`"${namespace}/`);
}

/** A random choice is the same in whatever order its outcomes are numbered. */
function choices(map: string): string {
  return map
    .split(', ')
    .map((choice) => choice.replace(/^\d+ : /, ''))
    .toSorted()
    .join(', ');
}
