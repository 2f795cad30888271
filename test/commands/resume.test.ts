import { expect, it } from 'vitest';
import { resume } from '../../commands/resume.ts';
import { bookSettings } from '../../engine/bank/book.ts';
import { Desk } from '../../engine/desk.ts';
import { chatDesk } from '../support/chat.ts';
import { ManualClock } from '../support/clock.ts';
import { tempStore } from '../support/temp-store.ts';
import { buildTrading, demoBook } from '../support/trading.ts';

const other = bookSettings.parse({ ...demoBook, name: 'other', capital: '500' });

async function open() {
  const clock = new ManualClock('2024-03-04T12:00:00.000Z');
  const { books, brokers, broker, executor } = await buildTrading({ books: [demoBook, other], clock });
  const parts = { booksOfDesk: books, brokers, executor, paper: new Set([broker.name]) };
  const desk = new Desk(parts as unknown as ConstructorParameters<typeof Desk>[0]);
  return { books, chat: await chatDesk({ store: await tempStore(), commands: [resume], desk, clock }) };
}

it('says who stopped a book, since when and why, and lets it trade only when that is confirmed', async () => {
  const { books, chat } = await open();
  await books.suspend({ scope: 'entries', book: 'demo', by: 'ann', reason: 'earnings' });
  const question = await chat.types('tom', '/resume demo');
  expect(question.text).toContain('End the suspension of demo, PAPER?');
  expect(question.text).toContain('Entries are stopped by ann since 4 Mar 12:00 UTC: earnings.');
  expect(await books.refusal('demo', 'entry'), 'nothing is done by the question').toContain('suspended');
  expect((await chat.presses('tom', question.button('Confirm'))).text).toContain('demo trades again.');
  expect(await books.refusal('demo', 'entry')).toBeUndefined();
});

it('says that a book stays suspended with the whole desk, and the desk’s books by themselves', async () => {
  const { books, chat } = await open();
  await books.suspend({ scope: 'all', book: null, by: 'ann', reason: '' });
  await books.suspend({ scope: 'entries', book: 'other', by: 'tom', reason: 'a test' });
  expect((await chat.types('tom', '/resume other')).text).toContain(
    'With the whole desk it stays suspended. Entries and exits are stopped by ann',
  );
  const question = await chat.types('tom', '/resume');
  expect(question.text).toContain('End the suspension of the whole desk?');
  expect(question.text).toContain('By themselves these books stay suspended: other.');
});

it('asks nobody about what is not suspended, and says what is in its place', async () => {
  const { books, chat } = await open();
  expect((await chat.types('tom', '/resume')).text).toBe('The whole desk is not suspended.');
  expect((await chat.types('tom', '/resume dmo')).text).toContain('dmo');
  await books.suspend({ scope: 'all', book: null, by: 'ann', reason: '' });
  expect((await chat.types('tom', '/resume demo')).text).toBe(
    'The book "demo" is not suspended by itself, but with the whole desk: /resume without a book ends that.',
  );
});
