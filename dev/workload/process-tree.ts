import { readdirSync, readFileSync } from 'node:fs';

/** A process and all its descendants, parents first. Empty when it is gone. */
function processTree(root: number): readonly number[] {
  const childrenOf = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(entry) : undefined;
    if (parent !== undefined) {
      childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(entry)]);
    }
  }
  const tree = parentOf(String(root)) === undefined ? [] : [root];
  for (const pid of tree) {
    tree.push(...(childrenOf.get(pid) ?? []));
  }
  return tree;
}

/** Signals a process and all its descendants; those that end meanwhile are passed over. */
export function signalTree(root: number, signal: NodeJS.Signals): void {
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone since it was listed.
    }
  }
}

function parentOf(pid: string): number | undefined {
  try {
    // The second field is the command in parentheses and may hold blanks; the parent is the second after it.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
