/** A regular file or an empty directory of an archive. Directories above a path need not be named. */
export type TarEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'file';
      /** Relative, with `/`. */
      readonly path: string;
      readonly content: Uint8Array;
      readonly executable: boolean;
    };

const BLOCK = 512;

/**
 * The entries as an archive in the format ustar (POSIX.1-1988), owned by root, dated 1970. Equal entries give
 * equal bytes, whatever their order. Throws for paths that the format or an image does not allow.
 */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const all = [...withParents(entries)].toSorted(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const blocks = all.flatMap(([, entry]) => blocksOf(entry));
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function withParents(entries: readonly TarEntry[]): ReadonlyMap<string, TarEntry> {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new Error(`put ${entry.path} into an archive: not a plain relative path`);
    }
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (!byPath.has(path)) byPath.set(path, { kind: 'directory', path });
    }
    if (byPath.get(entry.path)?.kind === 'file') throw new Error(`put ${entry.path} into an archive twice`);
    byPath.set(entry.path, entry);
  }
  return byPath;
}

function blocksOf(entry: TarEntry): readonly Uint8Array[] {
  if (entry.kind === 'directory') return [header(`${entry.path}/`, '5', 0o755, 0)];
  const { path, content, executable } = entry;
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [header(path, '0', executable ? 0o755 : 0o644, content.length), content, padding];
}

function header(path: string, type: '0' | '5', mode: number, size: number): Buffer {
  const name = Buffer.from(path);
  if (name.length > 100) throw new Error(`put ${path} into an archive: longer than 100 bytes`);
  const block = Buffer.alloc(BLOCK);
  name.copy(block);
  octal(mode, 8).copy(block, 100);
  // Owner, group: 0.
  octal(0, 8).copy(block, 108);
  octal(0, 8).copy(block, 116);
  octal(size, 12).copy(block, 124);
  // Time of change: the epoch.
  octal(0, 12).copy(block, 136);
  // The checksum counts its own field as spaces.
  block.fill(' ', 148, 156);
  block.write(`${type}`, 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(value: number, width: number): Buffer {
  return Buffer.from(`${value.toString(8).padStart(width - 1, '0')}\0`);
}
