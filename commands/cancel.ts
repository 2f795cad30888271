import type { Order } from '../engine/desk.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { capital, orderText, shortId, stateText } from './order-text.ts';
import { bold, type Content, code, type Reply, rich } from './reply.ts';

export const cancel = defineCommand({
  name: 'cancel',
  description: 'Cancel an open order; what it has traded stays',
  group: 'Trading',
  body: {
    action: action({
      description: 'Cancel an open order; what it has traded stays',
      role: 'trader',
      acts: true,
      example: '/cancel 1a2b3c4d',
      options: {
        order: {
          type: 'string',
          description:
            'Order, or the last letters of its id; without it the open ones are shown to choose from',
          example: '1a2b3c4d',
          concerns: 'order',
          suggest: async ({ desk }) =>
            (await desk.orders.list({ which: 'open', limit: 25 })).map((order) => ({
              value: order._id,
              name: `${orderText(order)} · ${order.book}`,
            })),
        },
      },
      standsFor: (_, { order }) => (order === undefined ? '/orders' : undefined),
      confirm: async (context, { order = '' }) => question(context, await context.desk.orders.open(order)),
      run: async (context, { order: named = '' }) => {
        const { desk, caller } = context;
        const { _id } = await desk.orders.open(named);
        return cancelReply(context, await desk.orders.cancel(_id, caller.name));
      },
    }),
  },
});

function question({ desk, times }: CommandContext, order: Order): Content {
  const { book, broker, askedAt, _id, purpose, resting, operation } = order;
  return {
    title: `Cancel this order of ${book}, ${desk.accountText(broker)}?`,
    text: rich`${bold(orderText(order))}\n${stateText(order)} · ${times.near(askedAt)} · ${code(shortId(_id))}${
      resting && purpose === 'exit' ? '\n⚠️ It protects a position, which is then without it.' : ''
    }${
      !resting && purpose === 'exit' && operation !== null
        ? `\n⚠️ It is part of an exit, which then sends another for what is left. /operation end ${operation} gives the exit up.`
        : ''
    }`,
  };
}

function cancelReply({ desk }: CommandContext, order: Order): Reply {
  const { state, book, broker, reason } = order;
  const title = `${orderText(order)}, ${book}, ${desk.accountText(broker)}`;
  switch (state) {
    case 'cancelled':
    case 'expired':
    case 'rejected':
      return {
        tone: 'success',
        title: `Cancelled: ${title}`,
        text: [
          order.filled === '0' ? 'Nothing of it was traded.' : `${capital(stateText(order))}: that stays.`,
        ],
      };
    case 'filled':
      return {
        tone: 'warning',
        title: `Too late: ${title}`,
        text: ['It was filled before it could be cancelled.'],
      };
    default:
      return {
        tone: 'danger',
        title: `Not cancelled yet: ${title}`,
        text: [
          `${desk.accountText(broker)} could not say what became of it${reason === null ? '' : ` (${reason})`}. The desk goes on asking.`,
        ],
      };
  }
}
