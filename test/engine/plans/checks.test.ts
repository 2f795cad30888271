/** What an entry of a plan may be paid with, and what book and simulation say of each other. */
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../engine/money.ts';
import { checkPlanOrder, type OrderScene } from '../../../engine/plans/checks.ts';

const scene: OrderScene = {
  order: {
    symbol: 'AMBR',
    side: 'buy',
    purpose: 'entry',
    closesAll: false,
    quantity: decimal('10'),
    isMarket: true,
  },
  book: { name: 'trend', currency: 'USD' },
  refusal: undefined,
  held: decimal('0'),
  before: undefined,
  instrument: {
    symbol: 'AMBR',
    asset: 'AMBR',
    currency: 'USD',
    feeRate: '0.01',
    rules: { quantityStep: '1', minimumQuantity: '1', priceTick: '0.01', minimumNotional: '0' },
  },
  capabilities: { orderTypes: ['market'], fractional: false, short: false, absenceIsFinalAfterSeconds: 0 },
  price: decimal('100'),
  cash: decimal('1010'),
  expected: decimal('0'),
  limits: {},
  freshness: { is: 'fresh', until: new Date(0) },
  opens: undefined,
  broker: { name: 'paper', status: { state: 'ready', since: new Date(0) }, isCompared: true },
  twin: undefined,
};

function verdict(name: string, changes: Partial<OrderScene>, order: Partial<OrderScene['order']> = {}) {
  const results = checkPlanOrder({ ...scene, ...changes, order: { ...scene.order, ...order } });
  return results.find((each) => each.name === name);
}

describe('an entry that costs 1,010 with its fee', () => {
  it.each([
    ['is sent, when the book has it', {}, {}, 'ok', 'It costs 1,010.00 USD of 1,010.00 USD.'],
    [
      'waits while sales are open whose money is needed, and says what there will be',
      { cash: decimal('400'), expected: decimal('700') },
      {},
      'wait',
      'the book has 400.00 USD until its exits have traded, then about 1,100.00 USD',
    ],
    [
      'waits for sales that bring too little, and is cut down only when they have traded',
      { cash: decimal('400'), expected: decimal('100') },
      {},
      'wait',
      'then about 500.00 USD',
    ],
    [
      'is refused as a limit order that even the open sales cannot pay',
      { cash: decimal('400'), expected: decimal('100') },
      { isMarket: false },
      'no',
      'It costs 1,010.00 USD, and the book has 400.00 USD.',
    ],
    [
      'waits as a limit order that the open sales can pay',
      { cash: decimal('400'), expected: decimal('610') },
      { isMarket: false },
      'wait',
      'then about 1,010.00 USD',
    ],
    [
      'is cut down to the cash where nothing more will come',
      { cash: decimal('505') },
      {},
      'note',
      'It is cut down to about 5 AMBR',
    ],
    ['is refused where the cash is for nothing', { cash: decimal('50') }, {}, 'no', 'the book has 50.00 USD'],
  ])('%s', (_, changes, order, result, text) => {
    expect(verdict('buying power', changes, order)).toMatchObject({
      result,
      text: expect.stringContaining(text),
    });
  });
});

describe('an exit', () => {
  const exit = { side: 'sell', purpose: 'exit' } as const;

  it('after which the simulation holds nothing closes all that the book has, also where that is more', () => {
    expect(verdict('side and size', { held: decimal('11') }, { ...exit, closesAll: true })).toMatchObject({
      result: 'note',
      text: 'The simulation holds less: all that the book has, 11, is closed.',
    });
    expect(verdict('side and size', { held: decimal('11') }, exit)).toMatchObject({ result: 'ok' });
    expect(verdict('side and size', { held: decimal('9') }, exit)).toMatchObject({
      result: 'note',
      text: 'The simulation holds more: all that the book has, 9, is closed.',
    });
  });

  it('says where book and simulation differed before the run sent anything', () => {
    const before = { held: decimal('10'), simulated: decimal('10') };
    expect(verdict('in sync', { before, held: decimal('4') }, exit)).toMatchObject({ result: 'ok' });
    const apart = { held: decimal('10'), simulated: decimal('12') };
    expect(verdict('in sync', { before: apart }, exit)).toMatchObject({
      result: 'note',
      text: 'The book holds 10 AMBR, the simulation 12.',
    });
  });
});
