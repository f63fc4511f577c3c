import type { ProcessHost, ProcessSpec } from '../process/process-host.ts';

/** Runs a program to its end. Throws with the tail of its log when it fails or outlives the deadline. */
export async function runProgram(host: ProcessHost, spec: ProcessSpec, deadlineMs: number): Promise<void> {
  const program = await host.start(spec);
  const timer = setTimeout(() => program.kill('SIGKILL'), deadlineMs);
  const status = await program.exited;
  clearTimeout(timer);
  if (status.kind === 'killed') {
    throw new Error(
      `${spec.name}: killed by ${status.signal}, deadline ${deadlineMs} ms: ${program.logTail()}`,
    );
  }
  if (status.code !== 0) {
    throw new Error(`${spec.name}: exit status ${status.code}: ${program.logTail()}`);
  }
}
