import { argv, stdin } from 'node:process';
import { cleanUpRun } from './clean-up.ts';

// The parent never writes: the stream ends when the parent closes it or dies.
const runDirectory = argv[2];
if (runDirectory === undefined) throw new Error('usage: reaper-main.ts RUN_DIRECTORY');
for await (const _ of stdin);
await cleanUpRun(runDirectory);
