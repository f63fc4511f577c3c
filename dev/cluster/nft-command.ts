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

/** Drops every packet to the TCP port inside the namespace, without a word: a black hole. */
export async function dropTcpPort(netns: string, port: number): Promise<void> {
  await nft(
    netns,
    `table inet blackhole {
       chain input { type filter hook input priority 0; }
     }
     add rule inet blackhole input tcp dport ${port} drop
    `,
  );
}
