import { expect, test } from 'vitest';
import { countNodeEndpoints } from '../../../../../images/controller/src/status/node-endpoints.ts';
import { aNode, anEndpoint, aSlice } from '../../../../support/builders.ts';

test('endpoints count for nodes that are alive; a node without any counts too', () => {
  const nodes = [aNode({ name: 'a' }), aNode({ name: 'b' }), aNode({ name: 'lost', ready: 'Unknown' })];
  const slices = [
    aSlice({ endpoints: [anEndpoint({ nodeName: 'a' }), anEndpoint({ nodeName: 'a' })] }),
    aSlice({ endpoints: [anEndpoint({ nodeName: 'lost' }), anEndpoint({ nodeName: 'gone' })] }),
  ];
  expect([...countNodeEndpoints(nodes, slices)]).toEqual([
    ['a', 2],
    ['b', 0],
  ]);
});

test('a node whose kubelet says that it is not ready still has an agent', () => {
  expect([...countNodeEndpoints([aNode({ name: 'a', ready: 'False' })], [])]).toEqual([['a', 0]]);
});
