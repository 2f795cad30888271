/**
 * The picture of one closed trade: prices before, while and after it was open, with where it was bought and sold, and the
 * stops and take profits that rested meanwhile.
 */
import type { Trade } from '../bank/trades.ts';
import { UserError } from '../errors.ts';
import type { Fill, Order } from '../execution/order.ts';
import { type Bars, barLengthMs, type Interval } from '../market/bars.ts';
import type { Source } from '../market/sources/source.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { TradeLevel, TradeMark } from './charts/figure.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import { chartedBars } from './charts/request.ts';
import { durationText, signedPercentText } from './format.ts';
import { moneyText, signedText } from './ledger-charts.ts';
import type { ReportFile } from './report-file.ts';

/** The shortest first. */
const charted = ['1m', '5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Interval[];

/** Bars beside the trade, so that one sees what it met. */
const before = 40;
const after = 12;
/** More bars than this while it was open, and the next longer ones show more. */
const mostBars = 200;

/** Of the symbol that was traded most; null where no source has bars of that time. */
export async function tradePicture({
  trade,
  fills,
  resting,
  account,
  sources,
  charts,
}: {
  readonly trade: Trade;
  readonly fills: readonly Fill[];
  /** Orders that rested at the broker while it was open. */
  readonly resting: readonly Order[];
  /** As it is told, with PAPER where no money is at stake. */
  readonly account: string;
  /** In the order in which they are asked. */
  readonly sources: readonly Source[];
  readonly charts: ChartRenderer;
}): Promise<ReportFile | null> {
  const symbol = mostTraded(fills) ?? trade.symbols[0];
  if (symbol === undefined) return null;
  const bars = await barsAround(symbol, trade, sources);
  if (!bars) return null;
  const net = decimal(trade.netProfit);
  const mark = markOf(
    fills.filter((fill) => fill.symbol === symbol),
    trade,
    bars,
  );
  const others = trade.symbols.filter((other) => other !== symbol);
  return charts.tradeChart({
    headline: {
      title: others.length === 0 ? symbol : `${symbol} with ${others.join(', ')}`,
      detail: `${trade.side}, ${trade.book}, ${account}`,
      period: `${trade.opened.slice(0, 10)} – ${trade.closed.slice(0, 10)}`,
      tiles: [
        {
          name: 'Net profit',
          value: signedText(net, trade.currency),
          tone: net.gt(zero) ? 'gain' : net.lt(zero) ? 'loss' : 'plain',
        },
        { name: 'Return', value: signedPercentText(Number(trade.percent)), tone: 'plain' },
        {
          name: 'Costs',
          value: moneyText(decimal(trade.fees).plus(decimal(trade.interest)), trade.currency),
          tone: 'plain',
        },
        {
          name: 'Open for',
          value: durationText(Date.parse(trade.closed) - Date.parse(trade.opened)),
          tone: 'plain',
        },
      ],
    },
    bars: chartedBars(bars),
    trades: mark ? [mark] : [],
    levels: levelsOf(
      resting.filter((order) => order.symbol === symbol),
      trade,
      bars.time,
    ),
  });
}

/** The shortest bars of which the trade does not take too many; none that do not reach it. */
async function barsAround(
  symbol: string,
  { opened, closed }: Trade,
  sources: readonly Source[],
): Promise<Bars | undefined> {
  const [from, to] = [Date.parse(opened), Date.parse(closed)];
  for (const interval of charted) {
    const ms = barLengthMs[interval];
    if ((to - from) / ms > mostBars) continue;
    for (const source of sources) {
      const range = { from: new Date(from - before * ms), to: new Date(to + after * ms) };
      try {
        const [bars] = await source.bars({ symbols: [symbol], interval, adjusted: false, ...range });
        if (bars?.time.some((time) => time + ms > from && time <= to)) return bars;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        // This source has no such symbol, interval or range: the next one may.
      }
    }
  }
  return undefined;
}

function mostTraded(fills: readonly Fill[]): string | undefined {
  const traded = new Map<string, Decimal>();
  for (const { symbol, quantity, price } of fills)
    traded.set(symbol, (traded.get(symbol) ?? zero).plus(decimal(quantity).times(decimal(price))));
  return [...traded].sort(([, one], [, other]) => other.cmp(one))[0]?.[0];
}

/** From the average price of what opened it to that of what closed it. */
function markOf(
  fills: readonly Fill[],
  { netProfit, opened, closed }: Trade,
  bars: Bars,
): TradeMark | undefined {
  const side = fills[0]?.side;
  const entry = averagePrice(fills.filter((fill) => fill.side === side));
  const exit = averagePrice(fills.filter((fill) => fill.side !== side));
  if (side === undefined || entry === undefined || exit === undefined) return undefined;
  return {
    long: side === 'buy',
    gain: decimal(netProfit).gte(zero),
    entryBar: barAt(bars.time, Date.parse(opened)),
    entryPrice: entry,
    exitBar: barAt(bars.time, Date.parse(closed)),
    exitPrice: exit,
    open: false,
  };
}

/** Each from when it was sent to when it was over, or the trade was. */
function levelsOf(orders: readonly Order[], { closed }: Trade, time: Float64Array): TradeLevel[] {
  return orders.flatMap(({ terms, sentAt, updatedAt }): TradeLevel[] => {
    if (sentAt === null) return [];
    const over = updatedAt > sentAt && updatedAt < closed ? updatedAt : closed;
    const bars = { fromBar: barAt(time, Date.parse(sentAt)), toBar: barAt(time, Date.parse(over)) };
    const stop =
      'stopPrice' in terms ? [{ ...bars, is: 'stop' as const, price: Number(terms.stopPrice) }] : [];
    const isTarget = terms.type === 'limit' || terms.type === 'oco';
    return isTarget ? [...stop, { ...bars, is: 'take profit', price: Number(terms.limitPrice) }] : stop;
  });
}

function averagePrice(fills: readonly Fill[]): number | undefined {
  const quantity = fills.reduce((sum, fill) => sum.plus(decimal(fill.quantity)), zero);
  if (quantity.eq(zero)) return undefined;
  const value = fills.reduce(
    (sum, fill) => sum.plus(decimal(fill.quantity).times(decimal(fill.price))),
    zero,
  );
  return Number(decimalText(value.div(quantity).round(12)));
}

/** The bar in which a moment lies. */
function barAt(time: Float64Array, at: number): number {
  const next = time.findIndex((start) => start > at);
  return next < 0 ? time.length - 1 : Math.max(0, next - 1);
}
