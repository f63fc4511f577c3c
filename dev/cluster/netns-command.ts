import { execFile } from 'node:child_process';

/** Runs a command in a network namespace, with so much on its standard input, and returns what it printed. */
export function netnsCommand(netns: string, command: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile('ip', ['netns', 'exec', netns, ...command], (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`${command[0]} in ${netns}: ${stderr.trim() || error.message}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}
