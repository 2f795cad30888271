import type { Desk } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { decimal, decimalText, groupThousands, zero } from '../engine/money.ts';
import { action, type CommandContext, defineCommand, type StringOption } from './command.ts';
import { isAccountWithin, isWithin } from './reach.ts';
import { bold, type Content, code, type Reply, rich } from './reply.ts';

const orderOption = {
  type: 'string',
  description: 'Order, or the first or last letters of its id',
  example: 'demo-1234',
  required: true,
  suggest: async (context) =>
    (await todoFor(context)).map(({ account, order }) => ({
      value: order.clientOrderId,
      name: `${order.side} ${order.quantity} ${order.symbol} · ${account}`,
    })),
} as const satisfies StringOption;

export const manual = defineCommand({
  name: 'manual',
  description: 'Accounts at which you trade by hand: what to do, and what came of it',
  group: 'Books',
  body: {
    subcommands: {
      list: action({
        description: 'Orders that are to be placed or cancelled by hand',
        role: 'viewer',
        options: {},
        example: '/manual list',
        run: async (context) => listReply(await todoFor(context), context),
      }),
      fill: action({
        description: 'Report what an order has traded, all of it or a part',
        role: 'trader',
        acts: true,
        example: '/manual fill demo-1234 10 99.5 1.25',
        options: {
          order: orderOption,
          quantity: { type: 'string', description: 'How much was traded', example: '10', required: true },
          price: { type: 'string', description: 'Price of one', example: '99.5', required: true },
          fee: { type: 'string', description: 'Fee in all; 0 where not given', example: '1.25' },
          fee_currency: {
            type: 'string',
            description: 'In which the fee was taken, where it is not that of the price',
            example: 'EUR',
          },
          reference: {
            type: 'string',
            description: 'The number of the trade there: with it, a report sent twice counts once',
            example: 'T-4711',
          },
        },
        confirm: async ({ desk }, report) => fillQuestion(await orderOf(desk, report.order), report),
        run: async ({ desk }, { order, quantity, price, fee, fee_currency: feeCurrency, reference }) => {
          const reported = await desk.byHand.fill({
            order,
            quantity,
            price,
            ...(fee !== undefined && { fee }),
            ...(feeCurrency !== undefined && { feeCurrency }),
            ...(reference !== undefined && { reference }),
          });
          return fillReply(reported);
        },
      }),
      reject: action({
        description: 'Report that an order was not taken',
        role: 'trader',
        acts: true,
        example: '/manual reject demo-1234 trading is halted',
        options: {
          order: orderOption,
          reason: { type: 'string', description: 'Why', required: true, rest: true },
        },
        run: async ({ desk }, { order, reason }) => {
          const { clientOrderId } = await desk.byHand.end({ order, state: 'rejected', reason });
          return { text: rich`The order ${code(clientOrderId)} is rejected: ${reason}` };
        },
      }),
      cancelled: action({
        description: 'Report that an order is cancelled; what it traded before is reported first',
        role: 'trader',
        acts: true,
        example: '/manual cancelled demo-1234',
        options: { order: orderOption },
        run: async ({ desk, caller }, { order }) => {
          const ended = await desk.byHand.end({
            order,
            state: 'cancelled',
            reason: `cancelled by hand, says ${caller.name}`,
          });
          const { clientOrderId, fills } = ended;
          const traded = fills.length === 0 ? 'Nothing of it was traded.' : 'What it traded stays.';
          return { text: rich`The order ${code(clientOrderId)} is cancelled. ${traded}` };
        },
      }),
      balance: action({
        description: 'Say what an account holds in truth, where the reports make something else of it',
        role: 'trader',
        acts: true,
        example: '/manual balance USD 10250.40',
        options: {
          asset: { type: 'string', description: 'Currency, coin or share', example: 'USD', required: true },
          amount: { type: 'string', description: 'What is there', example: '10250.40', required: true },
          account: {
            type: 'string',
            description: 'Account, where more than one is traded by hand',
            suggest: ({ desk }) => desk.byHand.accounts(),
          },
        },
        confirm: async ({ desk }, { asset, amount, account }) => {
          const held = await desk.byHand.held({ account, asset });
          return {
            tone: 'warning',
            text: rich`${bold(held.account)} holds ${groupThousands(held.quantity)} ${asset} by what was reported. From now on it holds ${bold(amount)}.`,
          };
        },
        run: async ({ desk }, { asset, amount, account }) => {
          const corrected = await desk.byHand.correct({ account, asset, amount });
          const change = decimal(corrected.change);
          if (change.eq(zero))
            return { text: rich`${bold(corrected.account)} holds ${amount} ${asset} already.` };
          const signed = `${change.gt(zero) ? '+' : ''}${groupThousands(corrected.change)}`;
          return {
            tone: 'success',
            text: rich`${bold(corrected.account)} holds ${amount} ${asset}, corrected by ${signed}.`,
          };
        },
      }),
    },
  },
});

type HandOrders = Awaited<ReturnType<Desk['byHand']['todo']>>;
type Reported = Awaited<ReturnType<Desk['byHand']['fill']>>;

/** What is to be done, as far as the caller may see it: an order belongs to the book that wants it. */
async function todoFor({ desk, caller: { reach } }: CommandContext): Promise<HandOrders> {
  const todo = await desk.byHand.todo();
  if (!reach) return todo;
  const books = await Promise.all(todo.map(({ order }) => desk.orders.bookOf(order.clientOrderId)));
  return todo.filter(({ account }, index) => isWithin(reach, { book: books[index] ?? null, account }));
}

/** Undefined for one that is not open: what is reported of it now is either refused, or known already. */
async function orderOf(desk: Desk, typed: string): Promise<HandOrders[number] | undefined> {
  try {
    return await desk.byHand.open(typed);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function listReply(todo: HandOrders, { desk, caller: { reach } }: CommandContext): Reply {
  const accounts = desk.byHand.accounts().filter((account) => isAccountWithin(reach, account, desk));
  if (accounts.length === 0 && desk.byHand.accounts().length > 0) {
    return { text: ['Nothing is traded by hand at the accounts that you may see.'] };
  }
  if (accounts.length === 0) {
    return {
      tone: 'warning',
      text: ['No account is traded by hand. One is a broker of type "manual" in desk.yaml.'],
    };
  }
  if (todo.length === 0) return { text: [`Nothing is to be done by hand at ${accounts.join(', ')}.`] };
  return {
    title: 'To be done by hand',
    table: {
      columns: [
        { name: 'Account' },
        { name: 'What' },
        { name: 'Terms' },
        { name: 'Done', align: 'right' },
        { name: 'Order' },
      ],
      rows: todo.map(({ account, order, terms, cancelWanted }) => [
        account,
        `${cancelWanted ? 'cancel: ' : ''}${order.side} ${order.quantity} ${order.symbol}`,
        termsText(terms),
        filledOf(order),
        order.clientOrderId,
      ]),
    },
    text: rich`Report with ${code('/manual fill')}, ${code('/manual reject')} or ${code('/manual cancelled')}.`,
  };
}

function fillQuestion(
  open: HandOrders[number] | undefined,
  { order: typed, quantity, price, fee }: { order: string; quantity: string; price: string; fee?: string },
): Content {
  if (!open)
    return {
      tone: 'warning',
      text: rich`${code(typed)} is not open. It counts only if it was not reported before.`,
    };
  const { account, order, currency } = open;
  const verb = order.side === 'buy' ? 'bought' : 'sold';
  const fees = fee === undefined ? 'without a fee' : `fee ${fee}`;
  return {
    tone: 'warning',
    text: rich`${bold(account)} ${verb} ${bold(`${quantity} ${order.symbol}`)} at ${bold(`${price} ${currency}`)}, ${fees}. Of ${order.quantity} that were ordered, ${filledOf(order)} were filled before.`,
  };
}

function fillReply({ fill, fresh, order }: Reported): Reply {
  const what = `${fill.side === 'buy' ? 'Bought' : 'Sold'} ${fill.quantity} ${fill.symbol} at ${fill.price} ${fill.currency}`;
  if (!fresh) return { text: rich`This was reported before, and counts once: ${what}.` };
  const rest = decimal(order.quantity).minus(decimal(filledOf(order)));
  const left = rest.eq(zero) ? 'The order is filled.' : `${decimalText(rest)} are left.`;
  return { tone: 'success', text: rich`${what}, fee ${fill.fee} ${fill.feeCurrency}. ${left}` };
}

function filledOf({ fills }: HandOrders[number]['order']): string {
  return decimalText(fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero));
}

function termsText(terms: HandOrders[number]['terms']): string {
  switch (terms.type) {
    case 'market':
      return 'market';
    case 'limit':
      return `limit ${terms.limitPrice}`;
    case 'stop':
      return `stop ${terms.stopPrice}`;
    case 'stop_limit':
      return `stop ${terms.stopPrice}, limit ${terms.limitPrice}`;
    case 'oco':
      return `limit ${terms.limitPrice} or stop ${terms.stopPrice}`;
    default:
      return terms satisfies never;
  }
}
