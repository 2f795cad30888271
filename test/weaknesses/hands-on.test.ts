/** What a person changes while a trade is under way is not undone by its end. */
import { expect, onTestFinished, test } from 'vitest';
import { brokerWith, openTrading } from '../support/trading.ts';

test('a book that is taken out of entries, suspended and paid into during a trade is all of that when the trade has ended', async () => {
  let arrived: () => void = () => undefined;
  const atBroker = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const desk = await openTrading({
    line: (paper) =>
      brokerWith(paper, {
        submit: async (order) => {
          arrived();
          await held;
          return paper.submit(order);
        },
      }),
  });
  onTestFinished(() => desk.stop());
  const { signal } = await desk.send({ action: 'buy', symbol: 'ACME', quantity: 100 });
  await atBroker;

  await desk.books.setActive('demo', false);
  await desk.books.suspend({ scope: 'entries', book: 'demo', by: 'ann', reason: 'holidays' });
  await desk.books.deposit({ cause: 'by hand', book: 'demo', amount: '400', by: 'ann' });
  goOn();
  await desk.queue.idle();

  expect((await desk.inbox.signal(signal))?.state).toBe('done');
  expect(await desk.books.show('demo')).toMatchObject({
    active: false,
    deposited: '10400',
    cash: '9400',
    suspension: { scope: 'entries', by: 'ann', reason: 'holidays' },
  });
});
