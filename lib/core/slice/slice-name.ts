import type { IpFamily } from '#lib/core/kubernetes.ts';
import { shortHash } from '#lib/core/short-hash.ts';

/** What tells one slice from every other. */
export interface SliceIdentity {
  readonly swhUid: string;
  readonly nodeName: string;
  readonly family: IpFamily;
  /** Key of the resolved port set: see `portsKey`. */
  readonly portsKey: string;
  /** Position among the slices of the same port set. */
  readonly chunk: number;
}

const LONGEST_NAME = 253;

/**
 * `<object>-<hash>`: the same for the same identity, different for different ones. The parts are hashed as a
 * structure, so that (`a-b`, `c`) and (`a`, `b-c`) stay apart.
 */
export function sliceName(swhName: string, identity: SliceIdentity): string {
  const hash = shortHash(identity);
  const start = swhName.slice(0, LONGEST_NAME - hash.length - 1).replace(/[^a-z0-9]+$/, '');
  return `${start}-${hash}`;
}
