import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { providePrograms } from '../../dev/toolchain/toolchain.ts';
import { codeBlocks, pagesOf } from './documents.ts';

/** What this cluster cannot do: a kubelet would have to attach to the container. */
const ATTACHED = ' --rm -i ';

/**
 * The block of shell commands with this text that users are to copy out of a page, in a shell whose kubectl is ours.
 * Not attached to the pod that it makes, so that the pod stays. Returns what it prints.
 */
export async function runDocumented(page: string, text: string, kubeconfig: string): Promise<string> {
  const blocks = pagesOf('en')
    .filter(({ name }) => name === page)
    .flatMap(codeBlocks)
    .filter((block) => block.language === 'shell' && block.text.includes(text));
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new Error(`docs/${page}.md has ${blocks.length} commands with ${text}`);
  }
  const { kubectl } = await providePrograms(['kubectl']);
  const script = `kubectl() { "$KUBECTL" --kubeconfig="$ADMIN" "$@"; }\n${block.text.replace(ATTACHED, ' ')}`;
  const env = { ...process.env, KUBECTL: kubectl, ADMIN: kubeconfig };
  return (await promisify(execFile)('sh', ['-ec', script], { env })).stdout;
}
