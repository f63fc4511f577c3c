import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandLine, ProcessHost } from '../../../../dev/process/process-host.ts';
import { identityOf, isAlive } from '../../../../dev/process/process-identity.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';

describe('commandLine', () => {
  const program = { name: 'x', command: 'server', args: ['--port', '1'] };
  test.each([
    { name: 'plain', spec: program, want: 'server --port 1' },
    { name: 'in a namespace', spec: { ...program, netns: 'n' }, want: 'ip netns exec n server --port 1' },
    {
      name: 'as another user in a namespace',
      spec: { ...program, netns: 'n', uid: 5, gid: 6 },
      want: 'ip netns exec n setpriv --reuid 5 --regid 6 --clear-groups -- server --port 1',
    },
  ])('$name', ({ spec, want }) => {
    expect(commandLine(spec).join(' ')).toBe(want);
  });
});

describe('ProcessHost', () => {
  let host: ProcessHost;
  beforeEach(() => {
    host = ProcessHost.open();
  });
  afterEach(() => host.close());

  const shell = (name: string, script: string) => host.start({ name, command: 'sh', args: ['-c', script] });

  test('output goes to the log file and the exit status is told', async () => {
    const process = await shell('talker', 'echo out; echo err >&2; exit 3');
    await expect(process.exited).resolves.toEqual({ kind: 'exited', code: 3 });
    expect(readFileSync(process.logFile, 'utf8')).toBe('out\nerr\n');
    expect(process.isRunning()).toBe(false);
  });

  test('a process that ignores the polite signal is killed at the deadline', async () => {
    const process = await shell('stubborn', 'trap "" TERM; echo ready; while :; do sleep 0.1; done');
    await waitFor('the trap to be set', async () => process.logTail() || undefined);
    await expect(process.stop('SIGTERM', 100)).resolves.toEqual({ kind: 'killed', signal: 'SIGKILL' });
  });

  test('a paused process stops too', async () => {
    const process = await shell('paused', 'exec sleep 100');
    process.kill('SIGSTOP');
    await expect(process.stop()).resolves.toEqual({ kind: 'killed', signal: 'SIGTERM' });
  });

  test('a program that does not exist is named', async () => {
    await expect(host.start({ name: 'ghost', command: '/nonesuch', args: [] })).rejects.toThrow(
      'start ghost: cannot execute /nonesuch',
    );
  });

  test('closing ends the programs, their children, and the run directory', async () => {
    const process = await shell('parent', 'sleep 1000 & echo $!; wait');
    const child = await waitFor('the child to start', async () => identityOf(Number(process.logTail())));
    await host.close();
    expect(process.isRunning()).toBe(false);
    expect(existsSync(host.run.path)).toBe(false);
    expect(isAlive(child)).toBe(false);
  });
});

/** Starts a process that runs a program of its own and waits. */
async function startRun() {
  const script = fileURLToPath(new URL('./abandoned-run.ts', import.meta.url));
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const { runDirectory, pid } = JSON.parse(line);
  const program = await waitFor('the program to run', async () => identityOf(pid));
  return { parent, runDirectory, program };
}

test('nothing is left when the process that started the programs is killed', async () => {
  const { parent, runDirectory, program } = await startRun();
  parent.kill('SIGKILL');
  await waitFor('the run directory to vanish', async () => !existsSync(runDirectory) || undefined);
  expect(isAlive(program)).toBe(false);
});

test('Ctrl-C stops everything in order and ends with the usual code', async () => {
  const { parent, runDirectory, program } = await startRun();
  parent.kill('SIGINT');
  const [code] = await once(parent, 'exit');
  expect([code, existsSync(runDirectory), isAlive(program)]).toEqual([130, false, false]);
});
