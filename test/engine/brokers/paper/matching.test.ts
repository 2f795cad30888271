import { describe, expect, test } from 'vitest';
import type { OrderTerms, Side } from '../../../../engine/brokers/broker.ts';
import { glimpseOf, meet, worsenBy } from '../../../../engine/brokers/paper/matching.ts';
import { decimal } from '../../../../engine/money.ts';

const exact = worsenBy('0', '0.01');

function meets(
  side: Side,
  terms: OrderTerms,
  {
    bar,
    price,
    stopped = false,
    arrives = false,
    worsen = exact,
  }: {
    /** Open, high, low. */
    bar?: readonly [string, string, string];
    price?: string;
    stopped?: boolean;
    arrives?: boolean;
    worsen?: typeof exact;
  },
) {
  const [open = '', high = '', low = ''] = bar ?? [];
  const glimpse = bar
    ? { open: decimal(open), high: decimal(high), low: decimal(low), at: '', volume: undefined, isBar: true }
    : glimpseOf({ price: price ?? '', at: new Date(0) });
  const trade = meet({ side, terms, stopped, arrives }, glimpse, worsen);
  return { price: trade.price?.toFixed(), stopped: trade.stopped };
}

const limit = { type: 'limit', limitPrice: '90' } as const;
const stop = { type: 'stop', stopPrice: '90' } as const;
const stopLimit = { type: 'stop_limit', stopPrice: '90', limitPrice: '88' } as const;
const oco = { type: 'oco', limitPrice: '110', stopPrice: '90' } as const;

describe('at which price an order trades', () => {
  test.each<[string, Side, OrderTerms, Parameters<typeof meets>[2], string | undefined]>([
    [
      'a limit that is reached inside a bar trades at the limit',
      'buy',
      limit,
      { bar: ['95', '96', '89'] },
      '90',
    ],
    ['a limit that a bar opens beyond trades at the open', 'buy', limit, { bar: ['85', '96', '84'] }, '85'],
    [
      'a limit that a bar does not reach does not trade',
      'buy',
      limit,
      { bar: ['95', '96', '90.01'] },
      undefined,
    ],
    [
      'a resting limit trades at the limit, however far the next price is',
      'buy',
      limit,
      { price: '80' },
      '90',
    ],
    [
      'a limit that arrives beyond the market trades at the market',
      'buy',
      limit,
      { price: '80', arrives: true },
      '80',
    ],
    [
      'a limit to sell is reached by the high',
      'sell',
      { type: 'limit', limitPrice: '110' },
      { bar: ['100', '111', '99'] },
      '110',
    ],
    ['a stop inside a bar trades at the stop', 'sell', stop, { bar: ['95', '96', '85'] }, '90'],
    ['a stop that a bar opens beyond trades at the open', 'sell', stop, { bar: ['80', '96', '75'] }, '80'],
    ['a stop trades at the price that reached it', 'sell', stop, { price: '87' }, '87'],
    ['a stop that is not reached does not trade', 'sell', stop, { price: '90.01' }, undefined],
    [
      'a stop to buy is reached by the high',
      'buy',
      { type: 'stop', stopPrice: '105' },
      { bar: ['100', '106', '99'] },
      '105',
    ],
    [
      'a stop-limit within its limit trades at the stop',
      'sell',
      stopLimit,
      { bar: ['95', '96', '85'] },
      '90',
    ],
    ['of both legs of an oco in one bar the stop trades', 'sell', oco, { bar: ['100', '120', '85'] }, '90'],
    [
      'an oco whose bar opens beyond the limit takes the profit at the open',
      'sell',
      oco,
      { bar: ['112', '120', '85'] },
      '112',
    ],
    ['an oco takes its profit at the limit', 'sell', oco, { bar: ['100', '111', '95'] }, '110'],
    [
      'an oco to buy back has its stop above',
      'buy',
      { type: 'oco', limitPrice: '90', stopPrice: '110' },
      { bar: ['100', '112', '95'] },
      '110',
    ],
  ])('%s', (_, side, terms, glimpse, price) => {
    expect(meets(side, terms, glimpse).price).toBe(price);
  });

  test('a stop-limit whose price has gone past its limit waits for it to come back', () => {
    const gap = meets('sell', stopLimit, { price: '85' });
    expect(gap).toEqual({ price: undefined, stopped: true });
    expect(meets('sell', stopLimit, { price: '87.99', stopped: true }).price).toBeUndefined();
    expect(meets('sell', stopLimit, { price: '88.5', stopped: true }).price).toBe('88');
  });

  test('slippage makes markets and stops worse, and never a limit', () => {
    const worsen = worsenBy('0.01', '0.01');
    expect(meets('buy', { type: 'market' }, { price: '100', worsen }).price).toBe('101');
    expect(meets('sell', stop, { bar: ['95', '96', '85'], worsen }).price).toBe('89.1');
    expect(meets('buy', limit, { bar: ['95', '96', '80'], worsen }).price).toBe('90');
    expect(
      meets('buy', limit, { bar: ['95', '96', '89.5'], worsen }).price,
      'not by slippage',
    ).toBeUndefined();
  });
});
