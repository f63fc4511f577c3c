import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where one run keeps its files. */
export interface RunDirectory {
  /** Seven characters, unique on this machine: fit for names of links and namespaces. */
  readonly id: string;
  readonly path: string;
}

/** Makes `swh-<id>` under `TMPDIR`. Others may enter it (programs run as other users) but not list it. */
export function createRunDirectory(): RunDirectory {
  const id = randomBytes(5).readUIntBE(0, 5).toString(36).padStart(8, '0').slice(-7);
  const path = join(tmpdir(), `swh-${id}`);
  mkdirSync(path, { mode: 0o711 });
  return { id, path };
}
