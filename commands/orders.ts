import type { Order } from '../engine/desk.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { orderText, shortId, stateText } from './order-text.ts';
import { bold, code, type Reply, type RichText, rich } from './reply.ts';
import type { Times } from './times.ts';

export const orders = defineCommand({
  name: 'orders',
  description: 'Orders that are open, or the newest ones',
  group: 'Money',
  body: {
    action: action({
      description: 'Orders that are open, or the newest ones',
      role: 'viewer',
      example: '/orders latest',
      options: {
        which: {
          type: 'choice',
          choices: ['open', 'latest'],
          description: 'Those that are open, or the newest ones; open where not given',
        },
        book: { ...bookOption, description: 'Book; without it all of them' },
      },
      run: async (context, { which = 'open', book }) => {
        const of = book === undefined ? {} : { book };
        const found = await context.desk.orders.list({ ...of, which, limit: mostShown });
        return ordersReply(context, found, which);
      },
    }),
  },
});

const mostShown = 15;
const mostButtons = 10;

async function ordersReply(
  { desk, caller, times }: CommandContext,
  found: readonly Order[],
  which: 'open' | 'latest',
): Promise<Reply> {
  if (found.length === 0) {
    if (which === 'latest') return { text: ['No order was ever sent.'] };
    return {
      text: ['No order is open.'],
      buttons: [{ label: 'The newest orders', command: ['orders'], options: { which: 'latest' } }],
    };
  }
  const isUnclear = found.some(({ state }) => state === 'unknown');
  return {
    title: which === 'open' ? 'Open orders' : 'The newest orders',
    ...(isUnclear && { tone: 'danger' as const }),
    text: found.flatMap((order, index) => [
      index === 0 ? '' : '\n\n',
      ...lineOf(order, desk.accountText(order.broker), times),
    ]),
    ...(which === 'open' &&
      caller.role !== 'viewer' && {
        buttons: found.slice(0, mostButtons).map((order) => ({
          label: `Cancel ${order.side} ${order.quantity} ${order.symbol}`.slice(0, 60),
          style: 'danger' as const,
          command: ['cancel'],
          options: { order: order._id },
        })),
      }),
  };
}

function lineOf(order: Order, account: string, times: Times): RichText {
  const { state, reason, book, askedAt, _id } = order;
  const mark = { filled: '✅ ', rejected: '⛔ ', unknown: '❓ ' }[state as string] ?? '';
  const why = reason !== null && state !== 'filled' ? `\n${reason}` : '';
  return rich`${mark}${bold(orderText(order))}\n${stateText(order)} · ${book}, ${account} · ${times.near(askedAt)} · ${code(shortId(_id))}${why}`;
}
