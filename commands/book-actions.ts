/** What changes a book by command: money in and out, and whether it takes entries. Each restates what will be. */
import type { BookReport } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { decimal, decimalText, zero } from '../engine/money.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, type StringOption } from './command.ts';
import { amountText, exactText } from './figures.ts';
import { bold, type Content, type Field, rich } from './reply.ts';
import { suspensionText } from './suspension-text.ts';

const amountOption = {
  type: 'string',
  description: "Amount in the book's currency",
  example: '250',
  required: true,
} as const satisfies StringOption;

export const depositIntoBook = action({
  description: 'Put money into a book',
  role: 'admin',
  acts: true,
  example: '/book deposit demo 250',
  options: { book: { ...bookOption, required: true }, amount: amountOption },
  confirm: async ({ desk }, { book, amount: text }) => {
    const report = await desk.books.show(book);
    const amount = amountOf(text, report.currency);
    const { currency, broker, unassigned } = report;
    const money = exactText(amount, currency);
    return {
      title: `Deposit ${money} into ${book}?`,
      text:
        unassigned !== null && decimal(unassigned).gte(decimal(amount))
          ? rich`It comes from the ${bold(amountText(unassigned, currency))} at ${broker} that belong to no book.`
          : rich`${bold('Send it there')}: ${whatIsThere(report)}. Until it has arrived, the books say more than ${broker} has.`,
      fields: change(report, amount),
    };
  },
  run: async ({ desk, caller }, { book, amount: text }) => {
    const before = await desk.books.show(book);
    const amount = amountOf(text, before.currency);
    await desk.books.deposit({ book, amount, by: caller.name });
    return done(`Deposited ${exactText(amount, before.currency)} into ${book}`, {
      before,
      after: await desk.books.show(book),
      amount,
    });
  },
});

export const withdrawFromBook = action({
  description: 'Take money out of a book',
  role: 'admin',
  acts: true,
  example: '/book withdraw demo 250',
  options: { book: { ...bookOption, required: true }, amount: amountOption },
  confirm: async ({ desk }, { book, amount: text }) => {
    const report = await desk.books.show(book);
    const amount = amountOf(text, report.currency);
    await desk.books.checkWithdrawal({ book, amount });
    return {
      title: `Withdraw ${exactText(amount, report.currency)} from ${book}?`,
      text: rich`It stays at ${bold(report.broker)}, where it then belongs to no book. Nothing is sent anywhere.`,
      fields: change(report, decimalText(decimal(amount).neg())),
    };
  },
  run: async ({ desk, caller }, { book, amount: text }) => {
    const before = await desk.books.show(book);
    const amount = amountOf(text, before.currency);
    await desk.books.withdraw({ book, amount, by: caller.name });
    return done(`Withdrew ${exactText(amount, before.currency)} from ${book}`, {
      before,
      after: await desk.books.show(book),
      amount,
    });
  },
});

export const moveBetweenBooks = action({
  description: 'Move money from one book to another at the same broker',
  role: 'admin',
  acts: true,
  example: '/book move demo rotation 250',
  options: {
    from: { ...bookOption, description: 'Book that gives', required: true },
    to: { ...bookOption, description: 'Book that receives', required: true },
    amount: amountOption,
  },
  confirm: async ({ desk }, { from, to, amount: text }) => {
    const source = await desk.books.show(from);
    const target = await desk.books.show(to);
    const amount = amountOf(text, source.currency);
    await desk.books.checkMove({ from, to, amount });
    return {
      title: `Move ${exactText(amount, source.currency)} from ${from} to ${to}?`,
      fields: [
        ...named(from, change(source, decimalText(decimal(amount).neg()))),
        ...named(to, change(target, amount)),
      ],
    };
  },
  run: async ({ desk, caller }, { from, to, amount: text }) => {
    const before = { source: await desk.books.show(from), target: await desk.books.show(to) };
    const amount = amountOf(text, before.source.currency);
    await desk.books.move({ from, to, amount, by: caller.name });
    return {
      tone: 'success',
      title: `Moved ${exactText(amount, before.source.currency)} from ${from} to ${to}`,
      fields: [
        ...named(from, changed(before.source, await desk.books.show(from), amount)),
        ...named(to, changed(before.target, await desk.books.show(to), amount)),
      ],
    };
  },
});

export const activateBook = action({
  description: 'Let a book take entries again',
  role: 'admin',
  acts: true,
  example: '/book activate demo',
  options: { book: { ...bookOption, required: true } },
  confirm: activateQuestion,
  run: async ({ desk }, { book }) => {
    await desk.books.setActive(book, true);
    const { suspension } = await desk.books.show(book);
    return suspension
      ? {
          tone: 'warning',
          text: rich`${bold(book)} is active, but still suspended. Lift that with ${bold('/resume')}.`,
        }
      : { tone: 'success', text: rich`${bold(book)} is active and takes entries.` };
  },
});

export const deactivateBook = action({
  description: 'Let a book take no more entries; exits go on',
  role: 'admin',
  acts: true,
  example: '/book deactivate demo',
  options: { book: { ...bookOption, required: true } },
  run: async ({ desk }, { book }) => {
    await desk.books.setActive(book, false);
    return {
      tone: 'warning',
      text: rich`${bold(book)} is not active: no new entries, exits go on. It stays so over restarts, until ${bold(`/book activate ${book}`)}.`,
    };
  },
});

/** @throws UserError when there is no such book, or it is active already */
async function activateQuestion(
  { desk, times }: CommandContext,
  { book }: { readonly book: string },
): Promise<Content> {
  const { name, broker, currency, available, active, suspension } = await desk.books.show(book);
  if (active) {
    const but = suspension ? ', but it is suspended: /resume lifts that' : '';
    throw new UserError(`The book "${name}" is active already${but}.`);
  }
  return {
    title: `Activate ${name}, ${desk.accountText(broker)}?`,
    text: rich`It takes new entries again, ${bold(traderOf({ desk }, name))}.${
      suspension ? `\n⚠️ It stays suspended. ${suspensionText(suspension, times)}.` : ''
    }`,
    fields: [{ name: 'Available', value: amountText(available, currency) }],
  };
}

/** Whose entries a book takes. */
function traderOf({ desk }: Pick<CommandContext, 'desk'>, book: string): string {
  const plan = desk.plans.names().find((each) => desk.plans.bookOf(each) === book);
  if (plan !== undefined) return `of the plan ${plan} and by hand`;
  return desk.books.takesAlerts(book) ? 'of its alerts and by hand' : 'by hand only';
}

/** @throws UserError when it is no amount */
function amountOf(text: string, currency: string): string {
  try {
    const amount = decimal(text);
    if (amount.gt(zero)) return decimalText(amount);
  } catch {
    // answered below, as an amount that is not positive is
  }
  throw new UserError(`"${text}" is no amount of ${currency}. Write it as 250 or 99.50.`);
}

function whatIsThere({ broker, currency, unassigned }: BookReport): string {
  return unassigned === null
    ? `what ${broker} has beyond the books is not known yet`
    : `${broker} has only ${exactText(unassigned, currency)} beyond the books`;
}

/** What is now, and what it will be with so much more. */
function change({ currency, capital, available }: BookReport, amount: string): readonly Field[] {
  const plus = (before: string) => decimalText(decimal(before).plus(decimal(amount)));
  return [
    fromTo('Capital', { before: capital, after: plus(capital), amount, currency }),
    fromTo('Available', { before: available, after: plus(available), amount, currency }),
  ];
}

function changed(
  before: BookReport,
  { currency, capital, available }: BookReport,
  amount: string,
): readonly Field[] {
  return [
    fromTo('Capital', { before: before.capital, after: capital, amount, currency }),
    fromTo('Available', { before: before.available, after: available, amount, currency }),
  ];
}

/** With as many places as the amount has by which they differ: however small, it is seen. */
function fromTo(
  name: string,
  { before, after, amount, currency }: Readonly<Record<'before' | 'after' | 'amount' | 'currency', string>>,
): Field {
  const places = amount.split('.')[1]?.length ?? 0;
  return {
    name,
    value: `${amountText(before, currency, places)} → ${amountText(after, currency, places)}`,
  };
}

function named(book: string, fields: readonly Field[]): readonly Field[] {
  return fields.map(({ name, value }) => ({ name: `${name} of ${book}`, value }));
}

function done(
  title: string,
  {
    before,
    after,
    amount,
  }: { readonly before: BookReport; readonly after: BookReport; readonly amount: string },
): Content & { readonly tone: 'success' } {
  return { tone: 'success', title, fields: changed(before, after, amount) };
}
