/** What is asked before a plan acts at its broker out of its turn: where its orders go, and what of them waits. */
import { UserError } from '../engine/errors.ts';
import type { CommandContext } from './command.ts';
import { quantityText } from './gains.ts';
import { termsText } from './order-text.ts';
import { bold, type Content, type RichText, rich } from './reply.ts';
import { suspensionText } from './suspension-text.ts';

/** @throws UserError when there is no such plan */
export async function runQuestion({ desk, times }: CommandContext, name: string): Promise<Content> {
  const { settings, enabled, stopped, nextRunAt, waiting } = await desk.plans.show(name);
  const { book } = settings;
  const account = desk.books.accountOf(book);
  const hindrance = await hindranceOf({ desk, times }, book, account);
  return {
    title: `Run the plan ${settings.name} now for ${book}, ${desk.accountText(account)}?`,
    text: [
      ...(hindrance === undefined
        ? rich`Its new orders are sent at once, with the money of ${bold(book)}.`
        : [`⚠️ ${hindrance}`]),
      ...(settings.mode === 'strict' ? [] : ['\nOpen orders of its earlier runs are cancelled before.']),
    ],
    fields: [
      { name: 'Orders that wait', value: waiting === 0 ? 'none' : String(waiting) },
      {
        name: 'Runs by itself',
        value:
          stopped !== null
            ? `no, it has stopped: ${stopped}`
            : !enabled
              ? 'no, it is disabled'
              : nextRunAt === null
                ? 'no, only by hand'
                : times.minute(nextRunAt),
      },
    ],
  };
}

/** Of what waits so many are named. */
const mostNamed = 5;

/** @throws UserError when there is no such plan, or nothing of it waits */
export async function sendQuestion({ desk, times }: CommandContext, name: string): Promise<Content> {
  const waiting = await desk.plans.waiting(name);
  if (waiting.length === 0) throw new UserError(`No order of the plan "${name}" waits.`);
  const book = desk.plans.bookOf(name);
  const account = desk.books.accountOf(book);
  const hindrance = await hindranceOf({ desk, times }, book, account);
  const named = waiting.slice(0, mostNamed).flatMap(({ side, quantity, symbol, terms, reason }): RichText => {
    const order = `${side} ${quantityText(quantity)} ${symbol} ${termsText(terms)}`;
    return rich`• ${bold(order)}${reason === null ? '' : `: ${reason}`}\n`;
  });
  const more = waiting.length - mostNamed;
  return {
    title: `Send ${waiting.length === 1 ? '1 order' : `${waiting.length} orders`} of the plan ${name} for ${book}, ${desk.accountText(account)}?`,
    text: [
      ...named,
      ...(more > 0 ? [`and ${more} more\n`] : []),
      ...(hindrance === undefined ? [] : [`⚠️ ${hindrance}\n`]),
      'What may not go yet waits on.',
    ],
  };
}

/** What keeps orders of a book from its broker just now; undefined where nothing does. */
async function hindranceOf(
  { desk, times }: Pick<CommandContext, 'desk' | 'times'>,
  name: string,
  account: string,
): Promise<string | undefined> {
  const { suspension, active } = await desk.books.show(name);
  if (suspension) {
    const whose = suspension.book === null ? 'of the whole desk' : `of ${name}`;
    const still = suspension.scope === 'all' ? 'No order is sent' : 'Only exits are sent';
    return `${still} while it is suspended (${whose}). ${suspensionText(suspension, times)}.`;
  }
  if (!active) return `Only exits are sent: the book ${name} is not active.`;
  const { state, why, compared } = await desk.brokers.show(account);
  const broker = desk.accountText(account);
  if (state !== 'ready') {
    return `Its orders wait until ${broker} is ready${why === undefined ? '.' : `: ${why}`}`;
  }
  if (!compared) return `Its orders wait until ${broker} is compared with the books.`;
  const differs = (await desk.brokers.differences()).some((each) => each.blocks && each.broker === account);
  return differs ? `Only exits are sent: ${broker} differs from the books. /difference list` : undefined;
}
