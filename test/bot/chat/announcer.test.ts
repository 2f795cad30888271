import { describe, expect, it } from 'vitest';
import { Announcer } from '../../../bot/chat/announcer.ts';
import { plainText } from '../../../commands/reply.ts';
import type { Desk } from '../../../engine/desk.ts';
import { UserError } from '../../../engine/errors.ts';
import type { DeskEvent } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';

const fill = {
  ...{ id: 'fill:paper:2', symbol: 'ACME', side: 'sell' as const, quantity: '3', price: '12' },
  ...{ currency: 'USD', fee: '1', feeCurrency: 'USD' },
};
const exit: DeskEvent = {
  ...{ type: 'signal.done', signal: 's1', book: 'demo', account: 'paper', summary: 'close ACME' },
  ...{ fills: [fill], capital: { cash: '100', equity: '100', currency: 'USD' } },
};
const at = '2020-01-31T12:00:00.000Z';
const picture = { name: 'ACME-trade.png', type: 'image/png' as const, data: Uint8Array.of(1) };
const trade = { _id: 't1', symbols: ['ACME'], netProfit: '5', currency: 'USD', capitalInUse: '50' };

function deskThat(money: {
  filesOf?: () => Promise<never[]>;
  closedBy?: () => Promise<unknown>;
  trade?: () => Promise<unknown>;
}) {
  const asked: unknown[] = [];
  const desk = {
    accountText: () => 'PAPER',
    books: {
      accountOf: () => {
        throw new UserError('There is no such book.');
      },
    },
    filesOf: money.filesOf ?? (async () => []),
    money: {
      closedBy: async (what: unknown) => {
        asked.push(what);
        return money.closedBy ? money.closedBy() : [trade];
      },
      trade: money.trade ?? (async () => ({ chart: picture })),
    },
  } as unknown as Desk;
  return { announcer: new Announcer({ desk, log: silentLog }), asked };
}

describe('the end of a trade', () => {
  it('is told with what it brought and its picture, which is drawn once for all chats', async () => {
    const { announcer, asked } = deskThat({});
    const [one, other] = await Promise.all(
      [1, 1].map((sequence) => announcer.announce({ sequence, at, event: exit })),
    );
    expect(other).toBe(one);
    expect(asked).toEqual([{ book: 'demo', fills: ['fill:paper:2'], until: at }]);
    expect(one?.content.title).toBe('Signal for demo: done, PAPER');
    expect(plainText(one?.content.text ?? [])).toContain('ACME: 🟢 +5.00 USD +10.00% net');
    expect(one?.content.attachments).toEqual([picture]);
    expect(one?.subject).toBe('s1');
  });

  it('is told without a picture where there are no prices of it', async () => {
    const { announcer } = deskThat({ trade: async () => ({ chart: null }) });
    const { content } = await announcer.announce({ sequence: 1, at, event: exit });
    expect(content.attachments).toBeUndefined();
    expect(plainText(content.text ?? [])).toContain('net');
  });

  it('is told all the same when what it brought cannot be found out', async () => {
    const { announcer } = deskThat({ closedBy: () => Promise.reject(new Error('the store is away')) });
    const { content } = await announcer.announce({ sequence: 1, at, event: exit });
    expect(plainText(content.text ?? [])).toContain('Sold 3 ACME at 12 USD');
  });
});

it('an event of a book that is gone is told without its account', async () => {
  const { announcer } = deskThat({});
  const event: DeskEvent = { type: 'resumed', book: 'gone', by: 'ann' };
  expect((await announcer.announce({ sequence: 2, at, event })).content.title).toBe('gone trades again');
});

it('what could not be told once is told with the next attempt', async () => {
  let isAway = true;
  const { announcer } = deskThat({
    filesOf: async () => {
      if (isAway) throw new Error('the store is away');
      return [];
    },
  });
  const event = { sequence: 3, at, event: exit };
  await expect(announcer.announce(event)).rejects.toThrow('the store is away');
  isAway = false;
  await expect(announcer.announce(event)).resolves.toMatchObject({ subject: 's1' });
});
