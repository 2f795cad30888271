import { describe, expect, it } from 'vitest';
import { type Announcement, announce } from '../../../bot/chat/announcements.ts';
import { buttonKinds } from '../../../bot/chat/buttons.ts';
import { renderMessage as renderForConsole } from '../../../bot/chat/console/render.ts';
import { defaultFileSizeLimit, renderMessage as renderForDiscord } from '../../../bot/chat/discord/render.ts';
import type { Message } from '../../../bot/chat/platform.ts';
import { render as renderForTelegram } from '../../../bot/chat/telegram/render.ts';
import { commands } from '../../../commands/index.ts';
import { resolveCommand } from '../../../commands/options.ts';
import { plainText } from '../../../commands/reply.ts';
import type { DeskEvent } from '../../../engine/events.ts';

type Type = DeskEvent['type'];
/** What an event has beside its type. */
type FieldsOf<E> = E extends DeskEvent ? Omit<E, 'type'> : never;

const capital = { cash: '4000', equity: '9004.5', currency: 'USD' };
const fill = {
  ...{ symbol: 'SP500', side: 'buy' as const, quantity: '1.5', price: '3005.126', currency: 'USD' },
  ...{ fee: '1.2', feeCurrency: 'USD' },
};
const traded = { book: 'demo', account: 'paper', fills: [fill], capital };

/**
 * One of each, and words that must be in it. A new event that has no line here does not compile, and one without words
 * fails; the account is in all that concern a book's or an account's money.
 */
const table: Readonly<Record<Type, readonly [FieldsOf<DeskEvent>, ...string[]]>> = {
  'desk.started': [{ version: '1.2.3', environment: 'live' }, 'Desk live is up', '1.2.3'],
  'desk.stopping': [{ environment: 'live', by: 'ann', restarts: false }, 'Desk live is stopping', 'By ann'],
  'desk.changed': [{ text: 'tom was added', by: 'ann' }, 'tom was added', 'By ann'],
  'command.waiting': [
    { line: '/panic', command: ['panic'], options: {}, by: 'ann', withinMinutes: 15 },
    'A command waits for a second person',
    'ann has confirmed it',
  ],
  'signal.received': [
    { signal: 's1', book: 'demo', summary: 'buy 1 SP500' },
    'Signal for demo: received, PAPER',
    'buy 1 SP500',
  ],
  'signal.refused': [
    { signal: 's1', book: 'demo', summary: 'buy 1 SP500', reason: 'too old', replayable: true },
    'Signal for demo: refused, PAPER',
    'Nothing was traded: too old',
  ],
  'signal.done': [
    { ...traded, signal: 's1', summary: 'buy 1 SP500' },
    'Signal for demo: done, PAPER',
    'Bought 1.5 SP500 at 3005.126 USD, fee 1.2 USD',
    '9,004.50 USD',
  ],
  'signal.failed': [
    { signal: 's1', book: 'demo', summary: 'buy 1 SP500', reason: 'no such symbol', replayable: true },
    'Signal for demo: failed, PAPER',
    'no such symbol',
  ],
  'signal.waiting': [
    { signal: 's1', book: 'demo', account: 'paper', summary: 'buy 1 SP500', reason: 'above 1000' },
    'Signal for demo: waits for approval, PAPER',
    'above 1000',
  ],
  'signal.silence': [{ book: 'demo', reason: 'None for a day.' }, 'demo hears no signals, PAPER'],
  'signal.heard': [{ book: 'demo', reason: 'None for a day.' }, 'demo hears signals again, PAPER'],
  'signal.storm': [{ book: 'demo', reason: '12 in 3 minutes.' }, 'demo hears very many signals, PAPER'],
  'trade.ended': [
    { ...traded, trade: 'chat:1', by: 'tom', summary: 'buy 1 SP500', reason: null, request: '1' },
    'Trade by tom for demo, PAPER',
    'Bought 1.5 SP500',
  ],
  'operation.stuck': [
    { operation: 'o1', book: 'demo', account: 'paper', summary: 'buy 1 SP500', reason: 'no answer' },
    'An operation of demo is stuck, PAPER',
    'no answer',
  ],
  'operation.ended': [
    {
      ...{ operation: 'o1', book: 'demo', account: 'paper', summary: 'sell all SP500' },
      ...{ by: 'tom', reason: 'delisted', fills: [], left: ['The book "demo" holds 3 SP500.'] },
    },
    'An operation of demo was given up, PAPER',
    'Given up by tom: delisted',
    'holds 3 SP500',
  ],
  'order.filled': [{ ...traded, order: 'x1' }, 'Resting order of demo was filled, PAPER', 'Bought 1.5 SP500'],
  'order.todo': [
    { order: 'x1', book: 'demo', account: 'depot', text: 'Buy 10 ACME.' },
    'Please place an order at depot',
    'Buy 10 ACME.',
  ],
  'difference.found': [
    { difference: 'd1', account: 'paper', text: '3 ACME more.', blocks: true },
    'PAPER differs from the books',
    'No entries are made there',
  ],
  'difference.resolved': [
    { difference: 'd1', account: 'paper', text: '3 ACME more.', by: 'ann' },
    'PAPER: a difference is resolved',
    'By ann',
  ],
  'limit.hit': [
    { book: 'demo', limit: 'orders a minute', reason: 'It would be the 11th.' },
    'demo has reached a limit: orders a minute, PAPER',
    'exits go on',
  ],
  'ledger.wrong': [{ reason: 'USD is off by 0.01.' }, 'The books do not balance', 'off by 0.01'],
  'order.unknown': [
    { order: 'x1', book: 'demo', account: 'paper', reason: 'The reply was lost.' },
    'Order of demo: outcome unknown, PAPER',
    'It is not sent again',
  ],
  'run.finished': [
    { ...traded, run: 'r1', plan: 'daily', newOrders: 1, waiting: 1, notes: ['Waits: buy 3 ACME.'] },
    'Plan daily: run finished, PAPER',
    'New orders sent: 1',
    'Waits: buy 3 ACME.',
  ],
  'run.sent': [
    { ...traded, run: 'r1', plan: 'daily', sent: 1, givenUp: 2, notes: ['Not sent: buy 3 ACME.'] },
    'Plan daily: orders that waited, PAPER',
    'Sent: 1. Given up: 2.',
    'Not sent: buy 3 ACME.',
  ],
  'run.skipped': [
    { plan: 'daily', book: 'demo', reason: 'Two runs were missed.' },
    'Plan daily: missed',
    'Two runs were missed.',
  ],
  'run.stopped': [
    { plan: 'daily', book: 'demo', reason: 'History changed.' },
    'Plan daily has stopped',
    'History changed.',
  ],
  'run.failed': [{ run: 'r1', plan: 'daily', reason: 'no bars' }, 'Plan daily: run failed', 'no bars'],
  'bars.corrected': [
    { source: 'files', interval: '1d', symbols: ['ACME'], prices: 1, largest: [] },
    'files has corrected ACME',
    '1 price of 1d bars',
  ],
  'task.finished': [{ run: 'k1', task: 'tidy', output: '3 files' }, 'Task tidy: done', '3 files'],
  'task.failed': [
    { run: 'k1', task: 'tidy', state: 'failed', reason: 'line 3', output: '' },
    'Task tidy: failed',
    'line 3',
  ],
  'broker.down': [
    { broker: 'depot', reason: 'no line', waiting: 0 },
    'Broker depot is down',
    'no line\nNothing trades',
  ],
  'broker.login': [
    { broker: 'depot', reason: 'Log in at the gateway.', waiting: 2 },
    'Broker depot needs a login',
    '2 orders wait for it.',
  ],
  'broker.blind': [{ broker: 'depot', reason: 'no line', minutes: 5 }, 'Blind at depot for 5 minutes'],
  'broker.contract': [
    { broker: 'depot', symbol: 'OMV', choices: [{ symbol: 'OMV@VSE/EUR', name: 'OMV AG' }] },
    'Which OMV is meant at depot?',
    'OMV@VSE/EUR: OMV AG',
  ],
  'broker.notice': [{ broker: 'depot', text: 'A trade was corrected.' }, 'depot', 'was corrected'],
  'broker.back': [{ broker: 'paper' }, 'Broker PAPER is back'],
  suspended: [
    { scope: 'entries', book: 'demo', by: 'ann', reason: 'lunch' },
    'demo is suspended: no entries, PAPER',
    'By ann: lunch',
  ],
  resumed: [{ book: 'demo', by: 'ann' }, 'demo trades again, PAPER', 'By ann'],
  'threads.refused': [{ chat: 'alerts', reason: 'The bot may not open threads' }, 'No threads in alerts'],
  'mail.refused': [{ address: 'a@b.c', reason: 'no mailbox' }, 'E-mail to a@b.c does not get there'],
  'access.refused': [{ attempts: 3, latest: 'user 9' }, '3 attempts were turned away', 'user 9'],
};

const telling = {
  accountText: (broker: string) => (broker === 'paper' ? 'PAPER' : broker),
  accountOf: () => 'paper',
};

const told = Object.entries(table).map(([type, [fields, ...words]]) => {
  const announcement: Announcement = announce({ type, ...fields } as DeskEvent, telling);
  return { type, words, announcement };
});

function wordsOf({ title = '', text = [], fields = [] }: Message): string {
  return [title, plainText(text), ...fields.map(({ name, value }) => `${name} ${value}`)].join('\n');
}

describe('what a chat is told', () => {
  it.each(told)('of $type has its words, a tone, and stands on every platform', ({ words, announcement }) => {
    const { buttons = [], ...content } = announcement.content;
    const message: Message = {
      ...content,
      buttons: buttons.map(({ label, style = 'secondary' }, index) => ({
        id: `${buttonKinds.run}${index}`,
        label,
        style,
      })),
    };
    expect(message.title, 'what it is about').toBeTruthy();
    const plain = wordsOf(message);
    for (const word of words) expect(plain).toContain(word);

    const onDiscord = JSON.stringify(renderForDiscord(message, defaultFileSizeLimit));
    const onTelegram = renderForTelegram(message).html;
    const onTerminal = renderForConsole(message, { color: false }, { paths: [], firstButton: 1 });
    for (const { label } of message.buttons ?? []) expect(onDiscord).toContain(label);
    const [title = ''] = words;
    expect(onDiscord).toContain(title);
    expect(onTelegram).toContain(title);
    for (const word of words) expect(onTerminal).toContain(word);
  });

  it('has buttons only for commands that there are', () => {
    for (const { type, announcement } of told) {
      for (const { command, options } of announcement.content.buttons ?? []) {
        const { action, rest } = resolveCommand(command, commands);
        expect(rest, type).toEqual([]);
        expect(Object.keys(action.options), type).toEqual(expect.arrayContaining(Object.keys(options)));
      }
    }
  });

  it('offers to decide a signal once more that led to nothing, and not one that could not be read', () => {
    const buttonsOf = (event: DeskEvent) => announce(event, telling).content.buttons ?? [];
    const signal = { signal: 's1', book: 'demo', summary: 'buy 1 SP500', reason: 'suspended' };
    for (const type of ['signal.refused', 'signal.failed'] as const) {
      expect(buttonsOf({ type, ...signal, replayable: true })).toMatchObject([
        { label: 'Decide it once more', command: ['signal', 'replay'], options: { id: 's1' } },
      ]);
      expect(buttonsOf({ type, ...signal })).toEqual([]);
    }
  });

  it.each([
    [0, 0, 'No orders were sent.'],
    [0, 2, 'New orders: 2, none of them was sent yet.'],
    [3, 2, 'New orders sent: 3.'],
  ])('of a plan says whether its orders went out: %d sent, %d waiting', (newOrders, waiting, says) => {
    const run = { run: 'r1', plan: 'daily', book: 'demo', account: 'paper', notes: [], fills: [] };
    const capital = { cash: '1', equity: '1', currency: 'USD' };
    const event: DeskEvent = { type: 'run.finished', ...run, newOrders, waiting, capital };
    expect(plainText(announce(event, telling).content.text ?? [])).toBe(says);
  });

  it('of a book that was deleted meanwhile is told without an account', () => {
    const { content } = announce(
      { type: 'resumed', book: 'gone', by: 'ann' },
      { ...telling, accountOf: () => undefined },
    );
    expect(content.title).toBe('gone trades again');
  });
});
