import { execFile } from 'node:child_process';

/** Runs an nftables script in a network namespace and returns what it printed. */
export function nft(netns: string, script: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile('ip', ['netns', 'exec', netns, 'nft', '-f', '-'], (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`nft in ${netns}: ${stderr.trim() || error.message}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(script);
  return promise;
}
