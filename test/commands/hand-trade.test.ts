import { expect, it } from 'vitest';
import { buy } from '../../commands/buy.ts';
import { close } from '../../commands/close.ts';
import type { Desk, HandTrade, TradePreview } from '../../engine/desk.ts';
import { chatDesk } from '../support/chat.ts';
import { tempStore } from '../support/temp-store.ts';

/** A desk at whose broker 2 SP500 cost `price` each; it trades nothing once the price has moved. */
function deskAt(before: string) {
  const asked: HandTrade[] = [];
  let price = before;
  const preview = async (trade: HandTrade): Promise<TradePreview> => {
    asked.push(trade);
    return {
      ...{ book: trade.book, account: 'paper', currency: 'USD', summary: '', symbol: 'SP500', quantity: '2' },
      ...{ purpose: 'entry', side: 'buy', terms: { type: 'market' }, price, value: null, fee: null },
      ...{ profit: null, held: null, steps: [], warnings: [] },
    };
  };
  const desk = {
    accountText: () => 'PAPER',
    books: { show: async () => ({ currency: 'USD' }), accountOf: () => 'paper' },
    trading: { preview, moved: async () => ({ from: before, to: price, percent: '+5.0' }) },
  } as unknown as Desk;
  return {
    desk,
    asked,
    move: (to: string) => {
      price = to;
    },
  };
}

it.each([
  ['/buy demo SP500 2 price=2800', { do: 'order', order: { quantity: '2' } }],
  ['/close demo SP500', { do: 'close', position: 'SP500' }],
])('%s that is confirmed after the price has moved is asked about anew, by a button', async (line, trade) => {
  const market = deskAt('2876');
  const chat = await chatDesk({ store: await tempStore(), commands: [buy, close], desk: market.desk });
  const question = await chat.types('tom', line);
  expect(question.shown.at(-1)?.fields).toContainEqual({ name: 'Price now', value: '2,876.00' });
  market.move('3019.8');
  const refused = await chat.presses('tom', question.button('Confirm'));
  expect(refused.text).toContain('Nothing was traded for demo, PAPER');
  expect(refused.text).toContain('is 3,019.80 now: +5.0%');
  const anew = await chat.presses('tom', refused.button('Ask at this price'));
  expect(anew.shown.at(-1)?.fields).toContainEqual({ name: 'Price now', value: '3,019.80' });
  expect(market.asked, 'the same trade, asked about twice').toHaveLength(2);
  expect(market.asked[1]).toEqual(market.asked[0]);
  expect(market.asked[1]).toMatchObject(trade);
});
