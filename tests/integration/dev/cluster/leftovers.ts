import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { ip } from '../../../../dev/cluster/ip-command.ts';

/** What is still on the machine of a run that should be gone: an empty list when it cleaned up. */
export async function leftoversOf({ id, path }: { readonly id: string; readonly path: string }) {
  const namespaces = (await ip('netns', 'list')).split('\n').filter((line) => line.includes(id));
  const links = Object.keys(networkInterfaces()).filter((name) => name.includes(id));
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && carriesMark(name, id));
  const resolvers = existsSync('/etc/netns') ? readdirSync('/etc/netns') : [];
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...links.map((name) => `link ${name}`),
    ...processes.map((pid) => `process ${pid}`),
    ...resolvers.filter((name) => name.includes(id)).map((name) => `/etc/netns/${name}`),
    ...(existsSync(path) ? [path] : []),
  ];
}

function carriesMark(pid: string, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SWH_RUN=${id}`);
  } catch {
    return false;
  }
}
