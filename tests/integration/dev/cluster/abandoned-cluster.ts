import { startCluster } from '../../../../dev/cluster/cluster.ts';

// Started by clean-up.test.ts, which kills it: says which run it is and waits.
const { host } = await startCluster({ nodes: 1 });
process.stdout.write(`${JSON.stringify(host.run)}\n`);
