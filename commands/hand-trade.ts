/** What /buy, /sell and /close have in common: the question that restates a trade, and the answer when it was done. */
import type { HandTrade, TradeOutcome, TradePreview } from '../engine/desk.ts';
import { decimal, decimalText, zero } from '../engine/money.ts';
import type { CommandContext } from './command.ts';
import { amountText, moneyText } from './figures.ts';
import { gainPercentText, gainText, priceText, quantityText } from './gains.ts';
import { capital, termsText } from './order-text.ts';
import {
  bold,
  type CommandButton,
  type Content,
  type Field,
  type Reply,
  type RichText,
  rich,
} from './reply.ts';
import { stepText } from './step-text.ts';

/** @throws UserError when the trade would be refused */
export async function tradeQuestion({ desk }: CommandContext, trade: HandTrade): Promise<Content> {
  const preview = await desk.trading.preview(trade);
  const { book, account, side, quantity, symbol, warnings, steps } = preview;
  const at = preview.terms.type === 'market' ? '' : ` ${termsText(preview.terms)}`;
  const what = side === null ? preview.summary : `${side} ${quantityText(quantity)} ${symbol}${at}`;
  const title = trade.do === 'close' ? `Close ${quantityText(quantity)} ${symbol}` : capital(what);
  return {
    title: `${title} for ${book}, ${desk.accountText(account)}?`,
    tone: 'warning',
    text: [
      ...warnings.map((warning) => `⚠️ ${warning}\n`),
      ...(movesMore(steps) ? steps.map((step, index) => `${index + 1}. ${stepText(step)}\n`) : []),
      ...(preview.terms.type !== 'market'
        ? []
        : isSizedByPrice(trade)
          ? ['It is sized anew when you confirm, at the price of that moment.']
          : ['It is done at the price of the moment in which you confirm.']),
    ],
    fields: figuresOf(preview),
  };
}

/** Whether it does more than to trade: borrows, moves money, or leaves something at the broker. */
function movesMore(steps: TradePreview['steps']): boolean {
  return steps.some(
    (step) =>
      ['lend', 'transfer', 'borrow', 'repay'].includes(step.kind) || (step.kind === 'order' && step.resting),
  );
}

/** An amount of money, or a part of something, is another quantity at another price. */
function isSizedByPrice(trade: HandTrade): boolean {
  return trade.do === 'order' && !('quantity' in trade.order) && trade.order['action'] === 'buy';
}

function figuresOf(preview: TradePreview): readonly Field[] {
  const { currency, price, value, fee, profit, held, side, quantity } = preview;
  const average = held?.averagePrice;
  return [
    ...(side === null
      ? []
      : [
          {
            name: preview.terms.type === 'market' ? 'Price now' : 'Price',
            value: price === null ? 'none just now' : priceText(price),
          },
        ]),
    ...(value === null ? [] : [{ name: 'Worth', value: moneyText(value, currency) }]),
    ...(fee === null ? [] : [{ name: 'Fee, expected', value: amountText(fee, currency) }]),
    ...(held === null
      ? []
      : [{ name: 'Held', value: `${quantityText(held.quantity)} at ${priceText(held.averagePrice)}` }]),
    ...(profit === null || average === undefined
      ? []
      : [
          {
            name: 'Profit, before fees',
            value: `${gainText(profit, currency)} ${gainPercentText(profit, decimalText(decimal(average).times(decimal(quantity))))}`,
          },
        ]),
  ];
}

/**
 * @param again the command as it was given, to be asked about at a new price
 * @throws UserError when the trade is refused: then nothing was traded
 */
export async function tradeReply(
  context: CommandContext,
  trade: HandTrade,
  again: Pick<CommandButton, 'command' | 'options'>,
): Promise<Reply> {
  const { desk, caller, request, signal } = context;
  const moved = await desk.trading.moved(trade);
  if (moved) return movedReply(trade, moved, again, context);
  const outcome = await desk.trading.trade(trade, { name: request, by: caller.name, signal });
  const report = await desk.books.show(outcome.book);
  const account = desk.accountText(outcome.account);
  const traded = outcome.fills.length > 0;
  return {
    tone: toneOf(outcome),
    title: `${titleOf(outcome)}, ${outcome.book}, ${account}`,
    text: [
      ...fillText(outcome),
      ...(traded && outcome.purpose === 'exit' ? await profitText(context, outcome) : []),
      ...reasonText(outcome),
    ],
    ...(traded && {
      fields: [
        { name: 'Cash', value: moneyText(report.cash, report.currency) },
        { name: 'Equity', value: moneyText(report.equity, report.currency) },
      ],
    }),
    ...(await picture(context, outcome)),
    buttons: nextButtons(outcome),
  };
}

function movedReply(
  trade: HandTrade,
  { from, to, percent }: { readonly from: string; readonly to: string; readonly percent: string },
  again: Pick<CommandButton, 'command' | 'options'>,
  { desk }: CommandContext,
): Reply {
  const account = desk.accountText(desk.books.accountOf(trade.book));
  return {
    tone: 'warning',
    title: `Nothing was traded for ${trade.book}, ${account}`,
    text: rich`The price was ${priceText(from)} when you were asked, and is ${bold(priceText(to))} now: ${percent}%.`,
    buttons: [{ ...again, label: 'Ask at this price', style: 'primary' }],
  };
}

function titleOf({ fills, state, summary }: TradeOutcome): string {
  const [fill] = fills;
  if (!fill) return notDone.has(state) ? `Not done: ${summary}` : `In hand: ${summary}`;
  const sides = new Set(fills.map(({ side, symbol }) => `${side} ${symbol}`));
  if (sides.size > 1) return capital(summary);
  const quantity = fills.reduce((sum, each) => sum.plus(decimal(each.quantity)), zero);
  const verb = fill.side === 'buy' ? 'Bought' : 'Sold';
  return `${verb} ${quantityText(decimalText(quantity))} ${fill.symbol}`;
}

const notDone: ReadonlySet<TradeOutcome['state']> = new Set(['undone', 'given_up']);

function fillText({ fills }: TradeOutcome): RichText {
  return fills.flatMap(
    ({ side, quantity, symbol, price, currency, fee, feeCurrency }, index): RichText => [
      index === 0 ? '' : '\n',
      ...rich`${side === 'buy' ? 'Bought' : 'Sold'} ${bold(`${quantityText(quantity)} ${symbol}`)} at ${bold(priceText(price))} ${currency}, fee ${amountText(fee, feeCurrency)}`,
    ],
  );
}

/** What the fills of an exit brought, exactly, by the ledger. */
async function profitText({ desk }: CommandContext, { book, fills }: TradeOutcome): Promise<RichText> {
  const { currency } = await desk.books.show(book);
  const { realised, net } = await desk.money.profitOfFills(
    book,
    fills.map(({ _id }) => _id),
  );
  return rich`\n${gainText(decimalText(net), currency)} after the fees of the exit, ${gainText(decimalText(realised), currency)} before them`;
}

function reasonText({ state, reason, fills }: TradeOutcome): RichText {
  const gap = fills.length > 0 ? '\n' : '';
  switch (state) {
    case 'done':
      return reason === null ? [] : [`${gap}${reason}`];
    case 'undone':
      return [`${gap}${fills.length > 0 ? '' : 'Nothing was traded. '}${reason ?? ''}`];
    case 'stuck':
      return [
        `${gap}⚠️ It is stuck, and is tried again until it works, or until somebody ends it (/operation end): ${reason ?? ''}`,
      ];
    case 'given_up':
      return [`${gap}${reason ?? ''}`];
    case 'working':
    case 'undoing':
      return [`${gap}It goes on by itself, and its end is told here. /orders shows what is open.`];
    default:
      return state satisfies never;
  }
}

/** On an exit that closed a trade, what that trade looked like; where there are prices of it. */
async function picture(
  { desk }: CommandContext,
  { book, purpose, fills, state }: TradeOutcome,
): Promise<Pick<Reply, 'attachments'>> {
  const [first] = fills;
  if (purpose !== 'exit' || state !== 'done' || !first) return {};
  const closed = (await desk.money.trades({ book })).findLast(({ symbols }) =>
    symbols.includes(first.symbol),
  );
  if (!closed || closed.closed < first.at.slice(0, 10)) return {};
  const { chart } = await desk.money.trade(closed._id);
  return chart ? { attachments: [chart] } : {};
}

function nextButtons({ book, purpose, fills, state }: TradeOutcome): readonly CommandButton[] {
  const [fill] = fills;
  const isOpen = state === 'working' || state === 'stuck';
  return [
    ...(purpose === 'entry' && fill
      ? [
          {
            label: `Close ${fill.symbol}`,
            style: 'danger' as const,
            command: ['close'],
            options: { book, symbol: fill.symbol },
          },
        ]
      : []),
    ...(isOpen ? [{ label: 'Open orders', command: ['orders'], options: { book } }] : []),
    { label: 'Positions', command: ['positions'], options: { book } },
  ];
}

function toneOf({ state, fills }: TradeOutcome): NonNullable<Reply['tone']> {
  if (state === 'stuck') return 'danger';
  if (state === 'done' && fills.length > 0) return 'success';
  return 'warning';
}
