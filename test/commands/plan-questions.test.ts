import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../commands/command.ts';
import { runQuestion, sendQuestion } from '../../commands/plan-questions.ts';
import { type Content, plainText } from '../../commands/reply.ts';
import { Times } from '../../commands/times.ts';
import type { PlanOrder } from '../../engine/desk.ts';
import { ManualClock } from '../support/clock.ts';

const clock = new ManualClock('2024-03-04T12:00:00.000Z');
const suspension = { scope: 'entries', book: 'rotation', by: 'ann', reason: 'news', since: clock.now() };
const difference = { broker: 'kraken', blocks: true };

interface Situation {
  readonly plan?: object;
  readonly mode?: string;
  readonly book?: object;
  readonly broker?: object;
  readonly differences?: readonly object[];
  readonly waiting?: readonly PlanOrder[];
}

/** A plan `daily` that trades for `rotation` at `kraken`, where everything goes its way but what is said. */
function contextOf({ plan, mode = 'strict', book, broker, differences = [], waiting = [] }: Situation) {
  const show = async () => ({
    ...{ settings: { name: 'daily', book: 'rotation', mode }, enabled: true, stopped: null, waiting: 0 },
    nextRunAt: new Date('2024-03-04T21:30:00Z'),
    ...plan,
  });
  const desk = {
    accountText: (name: string) => name,
    plans: { show, waiting: async () => waiting, bookOf: () => 'rotation' },
    books: { accountOf: () => 'kraken', show: async () => ({ active: true, suspension: null, ...book }) },
    brokers: {
      show: async () => ({ state: 'ready', compared: true, ...broker }),
      differences: async () => differences,
    },
  };
  return { desk, times: new Times('America/New_York', clock) } as unknown as CommandContext;
}

function wordsOf({ title = '', text = [], fields = [] }: Content): string {
  return [title, plainText(text), ...fields.map(({ name, value }) => `${name}: ${value}`)].join('\n');
}

describe('before a plan is run by hand', () => {
  it('people read where its orders go, with whose money, and when it would run by itself', async () => {
    expect(wordsOf(await runQuestion(contextOf({}), 'daily'))).toBe(
      [
        'Run the plan daily now for rotation, kraken?',
        'Its new orders are sent at once, with the money of rotation.',
        'Orders that wait: none',
        'Runs by itself: 2024-03-04 16:30 UTC-5',
      ].join('\n'),
    );
  });

  it.each([
    [
      { book: { suspension } },
      'Only exits are sent while it is suspended (of rotation). Entries are stopped by ann since 4 Mar 07:00 UTC-5: news.',
    ],
    [
      { book: { suspension: { ...suspension, scope: 'all', book: null, reason: '' } } },
      'No order is sent while it is suspended (of the whole desk). Entries and exits are stopped by ann since 4 Mar 07:00 UTC-5.',
    ],
    [{ book: { active: false } }, 'Only exits are sent: the book rotation is not active.'],
    [
      { broker: { state: 'needs-login', why: 'the session ended' } },
      'Its orders wait until kraken is ready: the session ended',
    ],
    [{ broker: { compared: false } }, 'Its orders wait until kraken is compared with the books.'],
    [{ differences: [difference] }, 'Only exits are sent: kraken differs from the books.'],
    [{ mode: 'incremental' }, 'Open orders of its earlier runs are cancelled before.'],
    [{ plan: { waiting: 2 } }, 'Orders that wait: 2'],
    [{ plan: { stopped: 'its history changed' } }, 'Runs by itself: no, it has stopped: its history changed'],
    [{ plan: { enabled: false } }, 'Runs by itself: no, it is disabled'],
    [{ plan: { nextRunAt: null } }, 'Runs by itself: no, only by hand'],
  ])('%j is said', async (situation, said) => {
    const words = wordsOf(await runQuestion(contextOf(situation), 'daily'));
    expect(words).toContain(said);
    expect(words.includes('are sent at once')).toBe(!/⚠️/.test(words));
  });

  it('what differs elsewhere, or stops nothing, is not held against it', async () => {
    const differences = [
      { ...difference, broker: 'paper' },
      { ...difference, blocks: false },
    ];
    expect(wordsOf(await runQuestion(contextOf({ differences }), 'daily'))).toContain('sent at once');
  });
});

describe('before what waits is sent', () => {
  const order = { side: 'buy', quantity: '1200', terms: { type: 'market' }, reason: 'Its market is closed.' };
  const waiting = ['AMBR', 'BRKW', 'CLVR', 'DRFT', 'ELMO', 'FJRD', 'GRNT'].map(
    (symbol) => ({ ...order, symbol }) as unknown as PlanOrder,
  );

  it('people read how many orders that are, the first of them, and at which account', async () => {
    const words = wordsOf(await sendQuestion(contextOf({ waiting }), 'daily'));
    expect(words).toContain('Send 7 orders of the plan daily for rotation, kraken?');
    expect(words).toContain('• buy 1,200 ELMO at the market: Its market is closed.\nand 2 more\n');
    expect(words).not.toContain('FJRD');
    expect(words).toContain('What may not go yet waits on.');
  });

  it('one order is one order, and what holds it up is said', async () => {
    const broker = { state: 'down', why: 'it does not answer' };
    const words = wordsOf(await sendQuestion(contextOf({ waiting: waiting.slice(0, 1), broker }), 'daily'));
    expect(words).toContain('Send 1 order of the plan daily');
    expect(words).toContain('⚠️ Its orders wait until kraken is ready: it does not answer');
  });

  it('nobody is asked about nothing', async () => {
    await expect(sendQuestion(contextOf({}), 'daily')).rejects.toThrow('No order of the plan "daily" waits.');
  });
});
