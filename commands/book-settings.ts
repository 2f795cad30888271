/** Changing what a book is, giving it another key, and deleting it when nothing is left in it. */
import { randomBytes } from 'node:crypto';
import { type BookKey, bookKeyNames, bookKeys, sendersText, yamlOf } from './book-keys.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext } from './command.ts';
import { againOption, mustBeSame } from './name-again.ts';
import { bold, code, rich } from './reply.ts';
import type { SettingChange } from './running.ts';

/** As a value: what the book's file says, or what is usual. */
const backWord = 'default';

interface Setting {
  readonly book: string;
  readonly setting: BookKey;
  readonly value: string;
}

export const setBook = action({
  description: 'Change a setting of a book; shows what was and what will be',
  role: 'admin',
  acts: true,
  example: '/book set demo limit_order 500',
  options: {
    book: { ...bookOption, required: true },
    setting: { type: 'choice', description: 'What is changed', choices: bookKeyNames, required: true },
    value: {
      type: 'string',
      description: `The new value; ${backWord}: what its file says`,
      example: '500',
      required: true,
      rest: true,
    },
  },
  wizard: [
    { option: 'book', question: 'Which book?', onlySuggested: true },
    { option: 'setting', question: 'What is to be changed?' },
    {
      option: 'value',
      question: `What shall it be? ${backWord}: what its file says, or what is usual.`,
      check: ({ host, desk }, value, { book, setting }) => {
        if (book === undefined || setting === undefined) return;
        desk.books.accountOf(book);
        host.settings.check(changeOf({ book, setting, value }));
      },
    },
  ],
  confirm: ({ desk, host }, change) => {
    desk.books.accountOf(change.book);
    const { before, after, takesEffect } = host.settings.check(changeOf(change));
    return {
      title: `Change ${change.setting} of ${change.book}?`,
      fields: [
        { name: 'Now', value: before },
        { name: 'Then', value: after },
        { name: 'Takes effect', value: takesEffect },
      ],
    };
  },
  run: async ({ host, caller }, change) => {
    const { before, after, takesEffect } = await host.settings.set(changeOf(change), caller.name);
    const atOnce = takesEffect === 'at once';
    return {
      tone: 'success',
      text: [
        ...rich`${bold(change.book)} ${change.setting}: ${before} → ${bold(after)}. `,
        ...(atOnce ? ['It holds from now on.'] : rich`It holds after a restart: ${code('/restart')}.`),
      ],
      buttons: atOnce
        ? [{ label: `Show ${change.book}`, command: ['book', 'show'], options: { book: change.book } }]
        : [{ label: 'Restart', style: 'danger', command: ['restart'], options: {} }],
    };
  },
});

export const renewKey = action({
  description: 'Give the senders of a book another key; the one before counts no more',
  role: 'admin',
  acts: true,
  visibility: 'only-you',
  example: '/book key demo',
  options: { book: { ...bookOption, required: true } },
  confirm: ({ desk, host }, { book }) => {
    desk.books.accountOf(book);
    host.settings.check(keyChange(book, 'a-key-for-the-check'));
    return {
      title: `Give ${book} another key?`,
      text: ['What is sent with the key before is refused from then on. The new one is shown to you once.'],
    };
  },
  run: async ({ host, caller }, { book }) => {
    const key = randomBytes(24).toString('hex');
    await host.settings.set(keyChange(book, key), caller.name);
    return {
      tone: 'success',
      title: `${book} has another key`,
      text: sendersText(host, book, handlerOf(host, book), key),
    };
  },
});

export const deleteBook = action({
  description: 'Delete a book that owns and owes nothing; its history stays',
  role: 'admin',
  acts: true,
  example: '/book delete grid grid',
  options: {
    book: { ...bookOption, required: true },
    again: { ...againOption, example: 'grid' },
  },
  wizard: [
    {
      option: 'book',
      question: 'Which book?',
      onlySuggested: true,
      check: ({ desk }, book) => desk.books.checkIsEmpty(book),
    },
    {
      option: 'again',
      question: 'Type its name once more, to delete it.',
      check: (_context, again, { book }) => mustBeSame(book ?? again, again),
    },
  ],
  confirm: async ({ desk, host }, { book, again }) => {
    mustBeSame(book, again);
    await desk.books.checkIsEmpty(book);
    host.settings.checkDelete(`books/${book}`);
    return {
      title: `Delete the book ${book}?`,
      text: [
        'It takes no alerts and no orders any more, and no other book can get its name. Its orders, fills, trades and its ledger stay in the store. A file of it counts no more.',
      ],
    };
  },
  run: async ({ desk, host, caller }, { book, again }) => {
    mustBeSame(book, again);
    await desk.books.checkIsEmpty(book);
    await host.settings.delete(`books/${book}`, caller.name);
    return { tone: 'warning', text: rich`${bold(book)} is deleted. Its history stays.` };
  },
});

function changeOf({ book, setting, value }: Setting): SettingChange {
  const isBack = value.trim().toLowerCase() === backWord;
  return {
    document: `books/${book}`,
    key: bookKeys[setting],
    value: isBack ? null : yamlOf(setting, value),
  };
}

function keyChange(book: string, key: string): SettingChange {
  return { document: `books/${book}`, key: 'key', value: JSON.stringify(key) };
}

function handlerOf({ settings }: CommandContext['host'], book: string): string | undefined {
  return settings.show(`books/${book}`, 'handler').find(({ key }) => key === 'handler.name')?.value;
}
