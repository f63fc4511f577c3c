import { onInterrupt } from '../../../../dev/process/on-interrupt.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';

// Started by process-host.test.ts, which ends it: says what it has started and waits.
const host = ProcessHost.open();
onInterrupt(() => host.close());
const { pid } = await host.start({ name: 'orphan', command: 'sleep', args: ['1000'] });
process.stdout.write(`${JSON.stringify({ runDirectory: host.run.path, pid })}\n`);
