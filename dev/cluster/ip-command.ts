import { execFile } from 'node:child_process';

/** Runs `ip` with arguments and returns its standard output. */
export function ip(...args: readonly string[]): Promise<string> {
  return run('ip', args, '');
}

/** Runs many `ip` commands (one a line, without `ip`) in a network namespace, in one process. */
export async function ipBatch(netns: string, lines: readonly string[]): Promise<void> {
  await run('ip', ['-n', netns, '-batch', '-'], `${lines.join('\n')}\n`);
}

/** Sets kernel parameters (`net/ipv4/ip_forward`) of a network namespace. */
export async function setSysctls(netns: string, values: Readonly<Record<string, string>>): Promise<void> {
  const script = Object.entries(values).map(([name, value]) => `echo ${value} > /proc/sys/${name}`);
  await run('ip', ['netns', 'exec', netns, 'sh', '-e'], `${script.join('\n')}\n`);
}

function run(program: string, args: readonly string[], input: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(program, [...args], { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else
      reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}
