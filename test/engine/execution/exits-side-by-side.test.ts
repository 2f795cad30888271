/** What the simulation of faults has found about exits: each of these once cost money, or could have. */
import { expect, test } from 'vitest';
import type { Step } from '../../../engine/execution/operation.ts';
import {
  entrySteps,
  exitSteps,
  expectNothingLeft,
  openOperations,
  request,
} from '../../support/operations.ts';

test('two exits at once repay a loan once, and leave together what one would have left', async () => {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps()));
  await Promise.all(
    ['one', 'two', 'three'].map((source) => desk.operations.run(request(source, exitSteps(), 'exit'))),
  );
  await expectNothingLeft(desk);
  const repaid = desk.broker.movements.filter(({ kind }) => kind === 'repay');
  expect(repaid, 'the loan must be repaid by one of them').toHaveLength(1);
  await desk.stop();
});

test('an exit with a fixed amount buys nothing back that was bought back meanwhile', async () => {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps()));
  await desk.operations.run(request('exit', exitSteps(), 'exit'));
  const late: Step[] = [
    {
      kind: 'order',
      leg: 'cover',
      symbol: 'ADA/USDT',
      side: 'buy',
      quantity: { is: 'fixed', amount: '120' },
      netOfFee: true,
    },
  ];
  await desk.operations.run(request('late', late, 'exit'));
  const orders = await desk.executor.ordersOf('late');
  expect(orders, 'it was decided before, and there is nothing to buy back any more').toEqual([]);
  await expectNothingLeft(desk);
  await desk.stop();
});

test('an exit waits for the names of the broker before it cancels what rests there', async () => {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps({ stop: true })));
  const resolve = desk.broker.resolve.bind(desk.broker);
  let asked = 0;
  desk.broker.resolve = async (symbol) => {
    asked += 1;
    if (asked <= 3) throw new Error('the markets are not known yet');
    return resolve(symbol);
  };
  const stuck = await desk.operations.run(request('exit', exitSteps(), 'exit'));
  await desk.operations.end(stuck._id);
  await expectNothingLeft(desk);
  await desk.stop();
});
