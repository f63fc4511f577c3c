import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paint } from '../../../../dev/demo/text.ts';
import { type BalancerView, type DemoView, layOut, type PodRow } from '../../../../dev/demo/view.ts';

function aPod(change: Partial<PodRow> = {}): PodRow {
  return { pod: 'db-0', node: 'node-a', isReady: true, message: '', share: 0.5, ...change };
}

function aBalancer(change: Partial<BalancerView> = {}): BalancerView {
  return { name: 'web', kind: 'swh', address: '10.96.0.9:80', pods: [aPod()], failed: 0, ...change };
}

function aView(change: Partial<DemoView> = {}): DemoView {
  return { elapsedMs: 1_500, step: 'step', balancers: [aBalancer()], wrongWrites: 0, log: [], ...change };
}

function textOf(view: DemoView, columns = 100, rows = 40): readonly string[] {
  return layOut(view, { columns, rows }).map((line) => paint(line, false));
}

test('a balancer shows its ready pods, the share of each and why one is out', () => {
  const pods = [aPod(), aPod({ pod: 'db-1', isReady: false, message: 'connection refused', share: 0 })];
  expect(textOf(aView({ balancers: [aBalancer({ pods, failed: 0.25 })] })).slice(2)).toEqual([
    '',
    'web            1/2 ready  25% of requests fail  10.96.0.9:80',
    '  ● db-0        node-a   ██████······  50%',
    '  ○ db-1        node-a   ············   0%  connection refused',
  ]);
});

test('a narrow terminal keeps the message and drops node and bar', () => {
  const pods = [aPod({ isReady: false, message: 'connection refused', share: 0 })];
  expect(textOf(aView({ balancers: [aBalancer({ pods })] }), 50).at(-1)).toBe(
    '  ○ db-0           0%  connection refused',
  );
});

test('a low screen drops the blank lines before it drops a pod', () => {
  const balancers = [aBalancer(), aBalancer({ name: 'smtp' })];
  expect(textOf(aView({ balancers }), 100, 8)).toHaveLength(8);
  expect(
    textOf(aView({ balancers }), 100, 7)
      .slice(2)
      .map((line) => line.slice(0, 8)),
  ).toEqual(['web     ', '  ● db-0', 'smtp    ', '  ● db-0']);
});

test('the log shows its youngest entries where room is left', () => {
  const log = ['one', 'two', 'three', 'four'];
  expect(textOf(aView({ log }), 80, 9).slice(-3)).toEqual(['', 'three', 'four']);
});

describe('laws', () => {
  const pods = fc.array(
    fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), message: fc.string() }),
    {
      maxLength: 5,
    },
  );
  const view = fc.record({
    names: fc.array(fc.string(), { maxLength: 6 }),
    pods,
    log: fc.array(fc.string()),
  });

  test('a frame never leaves the screen', () => {
    fc.assert(
      fc.property(view, fc.nat(150), fc.nat(60), (given, columns, rows) => {
        const rowsOfPods = given.pods.map((pod) => aPod({ ...pod, isReady: false }));
        const balancers = given.names.map((name) => aBalancer({ name, pods: rowsOfPods }));
        const lines = textOf(aView({ balancers, log: given.log }), columns, rows);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(Math.max(0, ...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
