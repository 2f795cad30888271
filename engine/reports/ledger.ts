/**
 * Reports of the desk's own money: what its books earned, how well they traded, what they are worth, and every record of
 * it. Realised figures come from the ledger and are exact; what needs a price says where there was none.
 */
import type { BookReport, Books } from '../bank/books.ts';
import type { Posting } from '../bank/ledger.ts';
import { ledgerCollection } from '../bank/ledger.ts';
import type { Trade } from '../bank/trades.ts';
import { tradeCollection } from '../bank/trades.ts';
import type { Broker } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Fill, Order } from '../execution/order.ts';
import { fillCollection, orderCollection } from '../execution/order.ts';
import type { Logger } from '../log.ts';
import type { Source } from '../market/sources/source.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Store } from '../store/store.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import { csvFile } from './csv-file.ts';
import { signedPercentText } from './format.ts';
import type { AccountBalances } from './ledger-balances.ts';
import { accountBalances } from './ledger-balances.ts';
import { moneyText, profitChartOf, signedText } from './ledger-charts.ts';
import { DailyCloses } from './ledger-closes.ts';
import type { EquityDay } from './ledger-equity.ts';
import {
  dailyReturns,
  dayOf,
  drawdownOfReturns,
  equityDays,
  monthlyReturns,
  sumOfDays,
} from './ledger-equity.ts';
import type { FlowLine, Moment, ProfitSum } from './ledger-history.ts';
import { historyOf, profitBySymbol, profitOf } from './ledger-history.ts';
import type { ExportedRecords, RecordsRequest } from './ledger-records.ts';
import { dayAfter, exportRecords } from './ledger-records.ts';
import type { Costs, Figures } from './performance.ts';
import { costsOf, figuresOf, otherCostsOf } from './performance.ts';
import type { BookTrades } from './performance-csv.ts';
import { performanceCsv } from './performance-csv.ts';
import type { ReportFile } from './report-file.ts';
import { tradePicture } from './trades-picture.ts';

export interface LedgerReportsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly sources: ReadonlyMap<string, Source>;
  readonly charts: ChartRenderer;
  /** How an account is named where people read it: whether money is at stake stands in every picture. */
  readonly accountText: (broker: string) => string;
  /** The source by whose prices a broker trades, where it has one. */
  readonly priceSources: ReadonlyMap<string, string>;
}

export const profitPeriods = ['day', 'week', 'month', 'all'] as const;
export type ProfitPeriod = (typeof profitPeriods)[number];

/** What a book earned in a period, in its currency. */
export interface BookProfit {
  readonly book: string;
  /** The broker's name. */
  readonly account: string;
  readonly currency: string;
  readonly sum: ProfitSum;
  /** Of what is open now, whenever that was opened. */
  readonly open: Decimal;
  /** Positions without a price, which count as if they had neither gained nor lost. */
  readonly unpriced: readonly string[];
  readonly deposited: Decimal;
  readonly symbols: readonly SymbolProfit[];
}

export interface SymbolProfit {
  /** Null for what concerns no instrument, such as interest on money. */
  readonly symbol: string | null;
  readonly sum: ProfitSum;
  readonly open: Decimal;
}

export interface ProfitReport {
  readonly period: ProfitPeriod;
  /** ISO 8601; null for all of it. */
  readonly since: string | null;
  readonly books: readonly BookProfit[];
  /** One for each currency, where there is something to show. */
  readonly charts: readonly ReportFile[];
}

export interface Range {
  readonly book?: string;
  /** First and last day, midnight UTC. */
  readonly from?: Date;
  readonly to?: Date;
}

export interface BookPerformance extends BookTrades {
  readonly gross: Figures;
  readonly net: Figures;
  readonly costs: Costs;
  readonly otherCosts: ReadonlyMap<string, Decimal>;
}

export interface EquityReport {
  readonly books: readonly {
    readonly book: string;
    readonly account: string;
    readonly latest: EquityDay;
    readonly currency: string;
  }[];
  /** The chart of each currency, then the CSV of all books. */
  readonly files: readonly ReportFile[];
  /** Days on which something was open without a price of that day. */
  readonly daysAtCost: number;
}

export interface TradeReport {
  readonly trade: Trade;
  readonly account: string;
  /** Oldest first. */
  readonly fills: readonly Fill[];
  readonly chart: ReportFile | null;
  /** Why there is no chart. */
  readonly noChart: string | null;
}

const pageSize = 1_000;

export class LedgerReports {
  readonly #parts: LedgerReportsParts;

  constructor(parts: LedgerReportsParts) {
    this.#parts = parts;
  }

  /**
   * What lies at each broker by its own words and by the books.
   * @throws UserError when there is no such broker
   */
  balances(broker?: string): Promise<readonly AccountBalances[]> {
    const { brokers, books } = this.#parts;
    const wanted = [...brokers.values()].filter(({ name }) => broker === undefined || name === broker);
    if (broker !== undefined && wanted.length === 0) {
      throw new UserError(`There is no broker "${broker}". Brokers: ${[...brokers.keys()].join(', ')}.`);
    }
    return Promise.all(wanted.map((each) => accountBalances(each, books)));
  }

  /** @throws UserError when there is no such book */
  async profit({
    period,
    book,
  }: {
    readonly period: ProfitPeriod;
    readonly book?: string;
  }): Promise<ProfitReport> {
    const now = this.#parts.clock.now();
    const since = beginningOf(period, now);
    const books: BookProfit[] = [];
    const chartedBooks: {
      readonly profit: BookProfit;
      readonly lines: readonly FlowLine[];
      readonly before: Decimal;
    }[] = [];
    for (const name of this.#named(book)) {
      const report = await this.#parts.books.show(name);
      const moments = await this.#history(name);
      const lines = moments.map(({ line }) => line).filter(({ at }) => since === null || at >= since);
      const profit = bookProfit(report, lines);
      books.push(profit);
      const first = moments.findIndex(({ line }) => since === null || line.at >= since);
      const until = first < 0 ? moments : moments.slice(0, first);
      const before = capitalOf(until.map(({ line }) => line));
      chartedBooks.push({ profit, lines, before });
    }
    const charts = await this.#charts(period, since, now, chartedBooks);
    return { period, since, books, charts };
  }

  /** @throws UserError when there is no such book */
  async performance(
    range: Range,
  ): Promise<{ readonly books: readonly BookPerformance[]; readonly file: ReportFile }> {
    const books: BookPerformance[] = [];
    for (const name of this.#named(range.book)) {
      const { broker: account, currency, handler, mirage } = this.#parts.books.settings(name);
      const trades = (await this.trades({ ...range, book: name })).filter(
        (trade) => trade.currency === currency,
      );
      books.push({
        ...{ book: name, account, currency, trades },
        strategy: mirage?.strategy ?? handler?.name ?? 'plan',
        instance: mirage?.instance ?? name,
        gross: figuresOf(trades, 'gross'),
        net: figuresOf(trades, 'net'),
        costs: costsOf(trades),
        otherCosts: otherCostsOf(trades),
      });
    }
    const day = (date: Date | undefined) => date?.toISOString().slice(0, 10);
    const [from, to] = [day(range.from), day(range.to)];
    const file = performanceCsv(books, {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    });
    return { books, file };
  }

  /**
   * Closed trades, the oldest first.
   * @throws UserError when there is no such book
   */
  async trades({ book, from, to }: Range): Promise<readonly Trade[]> {
    const of = { ...(from && { from }), ...(to && { to: dayAfter(to) }) };
    const trades = await Promise.all(
      this.#named(book).map((name) => this.#parts.books.trades({ book: name, ...of })),
    );
    return trades
      .flat()
      .sort((one, other) => (one.closed < other.closed ? -1 : one.closed > other.closed ? 1 : 0));
  }

  /**
   * A closed trade with its fills, and a chart where there are bars of it.
   * @throws UserError when there is no such trade
   */
  async trade(id: string): Promise<TradeReport> {
    const { books, log, charts, accountText } = this.#parts;
    const trade = await this.#trade(id);
    const known = books.names().includes(trade.book);
    const account = known ? books.settings(trade.book).broker : 'no broker';
    const own = known ? await this.#fillsOf(trade) : [];
    try {
      const chart = await tradePicture({
        ...{ trade, fills: own, charts },
        resting: await this.#restingIn(trade),
        account: accountText(account),
        sources: this.#sourcesFor(account),
      });
      return {
        trade,
        account,
        fills: own,
        chart,
        noChart: chart ? null : 'No source has bars of that time.',
      };
    } catch (error) {
      log.warn({ trade: id, error: reasonOf(error) }, 'a trade could not be drawn');
      return { trade, account, fills: own, chart: null, noChart: 'The chart could not be drawn.' };
    }
  }

  /**
   * The trades of a book that these fills closed, the oldest first; none where they opened or only reduced something.
   * @param until ISO 8601: when the fills were told of. What was closed later was closed by others
   */
  async closedBy({
    book,
    fills,
    until,
  }: {
    readonly book: string;
    /** Their causes in the ledger. */
    readonly fills: readonly string[];
    readonly until: string;
  }): Promise<readonly Trade[]> {
    const ledger = await this.#parts.store.collection(ledgerCollection);
    const postings = await ledger.find(
      { book, _id: { in: [...fills] } },
      { sort: [['sequence', 'ascending']] },
    );
    const [first] = postings;
    if (!first) return [];
    const symbols = new Set(postings.map(({ fill }) => fill?.symbol));
    const trades = await this.#parts.books.trades({ book, from: new Date(first.at) });
    // The settlement behind an exit may be what closes it, where only crumbs are left.
    return trades.filter(
      (trade) =>
        trade.sequence >= first.sequence &&
        trade.closed <= until &&
        trade.symbols.some((symbol) => symbols.has(symbol)),
    );
  }

  /** @throws UserError when there is no such trade */
  async bookOfTrade(id: string): Promise<string> {
    return (await this.#trade(id)).book;
  }

  /** @throws UserError when there is no such book */
  async equity({ book, from, to }: Range): Promise<EquityReport> {
    const { clock, books } = this.#parts;
    const nowMs = clock.now().getTime();
    const isShown = ({ day }: EquityDay) => (!from || day >= from.getTime()) && (!to || day <= to.getTime());
    const all = [];
    for (const name of this.#named(book)) {
      const { broker: account, currency } = books.settings(name);
      const moments = await this.#history(name);
      const priceOn = await this.#pricesOf(name, moments, nowMs);
      const days = equityDays(moments, { currency, nowMs, priceOn }).filter(isShown);
      all.push({ book: name, account, currency, days });
    }
    const shown = all.filter(({ days }) => days.length > 0);
    const currencies = [...new Set(shown.map(({ currency }) => currency))];
    const files: ReportFile[] = [];
    for (const currency of currencies) {
      const together = shown.filter((each) => each.currency === currency);
      files.push(await this.#equityChart(currency, together));
    }
    const daysAtCost = sumOfDays(shown.map(({ days }) => days)).filter(
      ({ priced }) => priced === 'none' || priced === 'some',
    ).length;
    return {
      books: shown.flatMap(({ book: name, account, currency, days }) => {
        const latest = days.at(-1);
        return latest ? [{ book: name, account, currency, latest }] : [];
      }),
      files: shown.length === 0 ? [] : [...files, equityCsv(shown, book)],
      daysAtCost,
    };
  }

  /**
   * What a book realised after `since`, until and with `until`.
   * @throws UserError when there is no such book
   */
  async earned({
    book,
    since,
    until,
  }: {
    readonly book: string;
    readonly since: Date;
    readonly until: Date;
  }): Promise<ProfitSum> {
    const [from, to] = [since.toISOString(), until.toISOString()];
    const lines = (await this.#history(book)).map(({ line }) => line);
    return profitOf(lines.filter(({ at }) => at > from && at <= to));
  }

  /** What these fills of a book brought and cost, exactly. */
  async profitOfFills(book: string, ids: readonly string[]): Promise<ProfitSum> {
    const wanted = new Set(ids);
    const moments = await this.#history(book);
    return profitOf(moments.map(({ line }) => line).filter(({ cause }) => wanted.has(cause)));
  }

  /**
   * Everything of one kind as CSV.
   * @throws UserError when there is no such book
   */
  async records(request: RecordsRequest): Promise<ExportedRecords> {
    const { books, store } = this.#parts;
    if (request.book !== undefined) books.settings(request.book);
    if (request.kind === 'trades') for (const name of books.names()) await books.holdings(name);
    return exportRecords(store, request);
  }

  /** The newest fills first. */
  async fills({ book, limit }: { readonly book?: string; readonly limit: number }): Promise<Fill[]> {
    const { books, store } = this.#parts;
    if (book !== undefined) books.settings(book);
    const fills = await store.collection(fillCollection);
    return fills.find(book === undefined ? {} : { book }, { sort: [['at', 'descending']], limit });
  }

  /** @throws UserError when there is no such book */
  #named(book: string | undefined): readonly string[] {
    const { books } = this.#parts;
    return book === undefined ? books.names() : [books.settings(book).name];
  }

  /** @throws UserError when there is no such trade */
  async #trade(id: string): Promise<Trade> {
    const { store, books } = this.#parts;
    for (const name of books.names()) await books.holdings(name); // records what the newest postings closed
    const trade = await (await store.collection(tradeCollection)).get(id);
    if (trade) return trade;
    throw new UserError(`There is no closed trade "${id}". /trade list shows the newest.`);
  }

  /** The postings from the one that opened a trade to the one that closed it name its fills. */
  async #fillsOf({ _id, book, symbols, sequence }: Trade): Promise<readonly Fill[]> {
    const opening = _id.replace(/:closed$/, '');
    const postings = (await this.#postings(book)).filter((posting) => posting.sequence <= sequence);
    const first = postings.findIndex((posting) => posting._id === opening);
    const ids = postings
      .slice(Math.max(0, first))
      .filter(({ fill }) => fill && symbols.includes(fill.symbol))
      .map((posting) => posting._id);
    const fills = await this.#parts.store.collection(fillCollection);
    return fills.find({ _id: { in: ids } }, { sort: [['at', 'ascending']] });
  }

  /** What rested at the broker while the trade was open: its stops and take profits. */
  async #restingIn({ book, opened, closed }: Trade): Promise<readonly Order[]> {
    const orders = await this.#parts.store.collection(orderCollection);
    const then = await orders.find({ book, sentAt: { gte: opened, lte: closed } });
    return then.filter(({ resting, purpose }) => resting && purpose === 'exit');
  }

  /** All of them, the one by whose prices the broker trades first. */
  #sourcesFor(broker: string): readonly Source[] {
    const { sources, priceSources } = this.#parts;
    const own = sources.get(priceSources.get(broker) ?? '');
    return own ? [own, ...[...sources.values()].filter((source) => source !== own)] : [...sources.values()];
  }

  async #postings(book: string): Promise<readonly Posting[]> {
    const postings: Posting[] = [];
    for (;;) {
      const page = await this.#parts.books.postingsOf(book, postings.at(-1)?.sequence ?? 0, pageSize);
      postings.push(...page);
      if (page.length < pageSize) return postings;
    }
  }

  async #history(book: string): Promise<readonly Moment[]> {
    const { currency } = this.#parts.books.settings(book);
    return [...historyOf(book, currency, await this.#postings(book))];
  }

  /** Closes of the sources for the days that are over, the broker's price for today. */
  async #pricesOf(book: string, moments: readonly Moment[], nowMs: number) {
    const { sources, books, log } = this.#parts;
    const symbols = new Set(
      moments.flatMap(({ after }) => [...after.positions.values()].map(({ symbol }) => symbol)),
    );
    const [first] = moments;
    const closes = await DailyCloses.of([...symbols], {
      sources,
      log,
      from: new Date(first ? dayOf(Date.parse(first.line.at)) : nowMs),
    });
    const latest = new Map(
      (await books.show(book)).positions.map(({ symbol, lastPrice }) => [symbol, lastPrice]),
    );
    const today = dayOf(nowMs);
    return (symbol: string, day: number): number | undefined => {
      const last = day === today ? latest.get(symbol) : undefined;
      return last === undefined || last === null ? closes.on(symbol, day) : Number(last);
    };
  }

  async #equityChart(
    currency: string,
    books: readonly {
      readonly book: string;
      readonly account: string;
      readonly days: readonly EquityDay[];
    }[],
  ): Promise<ReportFile> {
    const days = sumOfDays(books.map((each) => each.days));
    const returns = dailyReturns(days);
    const drawdown = drawdownOfReturns(returns);
    const total = returns.reduce((product, value) => product * (1 + value), 1) - 1;
    const deepest = drawdown.reduce((most, value) => Math.max(most, value), 0);
    const last = days.at(-1);
    const column = (of: (day: EquityDay) => Decimal) =>
      Float64Array.from(days, (day) => Number(decimalText(of(day))));
    const [only] = books;
    const accounts = [...new Set(books.map(({ account }) => this.#parts.accountText(account)))].join(', ');
    const earned = last ? last.equity.minus(last.deposited) : zero;
    const tone = earned.gt(zero) ? 'gain' : earned.lt(zero) ? 'loss' : 'plain';
    return this.#parts.charts.equityChart({
      headline: {
        title: books.length === 1 && only ? only.book : 'All books',
        detail: `${accounts}, ${currency}`,
        period: `${dayText(days[0]?.day)} – ${dayText(last?.day)}`,
        tiles: [
          { name: 'Equity', value: moneyText(last?.equity ?? zero, currency), tone: 'plain' },
          { name: 'Profit', value: signedText(earned, currency), tone },
          {
            name: 'Return',
            value: signedPercentText(100 * total),
            tone: total > 0 ? 'gain' : total < 0 ? 'loss' : 'plain',
          },
          { name: 'Max. drawdown', value: signedPercentText(-100 * deepest), tone: 'plain' },
        ],
      },
      time: Float64Array.from(days, ({ day }) => day),
      equity: column(({ equity }) => equity),
      capital: column(({ capital }) => capital),
      drawdown,
      months: monthlyReturns(days, returns),
    });
  }

  async #charts(
    period: ProfitPeriod,
    since: string | null,
    now: Date,
    books: readonly {
      readonly profit: BookProfit;
      readonly lines: readonly FlowLine[];
      readonly before: Decimal;
    }[],
  ): Promise<readonly ReportFile[]> {
    const files: ReportFile[] = [];
    for (const currency of new Set(books.map(({ profit }) => profit.currency))) {
      const together = books
        .filter(({ profit }) => profit.currency === currency)
        .map(({ profit, ...rest }) => ({
          ...rest,
          profit: { ...profit, account: this.#parts.accountText(profit.account) },
        }));
      const chart = profitChartOf({ period, since, now, currency, books: together });
      if (chart) files.push(await this.#parts.charts.profitChart(chart));
    }
    return files;
  }
}

/** ISO 8601, in UTC: midnight, Monday, the first; null for all of it. */
export function beginningOf(period: ProfitPeriod, now: Date): string | null {
  const midnight = new Date(dayOf(now.getTime()));
  switch (period) {
    case 'day':
      return midnight.toISOString();
    case 'week': {
      const sinceMonday = (midnight.getUTCDay() + 6) % 7;
      return new Date(midnight.getTime() - sinceMonday * 86_400_000).toISOString();
    }
    case 'month':
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)).toISOString();
    case 'all':
      return null;
    default:
      return period satisfies never;
  }
}

function bookProfit(report: BookReport, lines: readonly FlowLine[]): BookProfit {
  const { name: book, broker: account, currency, positions } = report;
  const traded = profitBySymbol(lines);
  const open = new Map(positions.map(({ symbol, unrealised }) => [symbol, decimal(unrealised)]));
  const symbols = new Set<string | null>([...traded.keys(), ...open.keys()]);
  return {
    ...{ book, account, currency },
    sum: profitOf(lines),
    open: decimal(report.unrealised),
    unpriced: positions.filter(({ lastPrice }) => lastPrice === null).map(({ symbol }) => symbol),
    deposited: lines.reduce((sum, line) => sum.plus(line.deposited), zero),
    symbols: [...symbols].map((symbol) => ({
      symbol,
      sum: traded.get(symbol) ?? profitOf([]),
      open: (symbol !== null && open.get(symbol)) || zero,
    })),
  };
}

function capitalOf(lines: readonly FlowLine[]): Decimal {
  return lines.reduce(
    (sum, { deposited, realised, fees, interest }) =>
      sum.plus(deposited).plus(realised).minus(fees).minus(interest),
    zero,
  );
}

function equityCsv(
  books: readonly {
    readonly book: string;
    readonly account: string;
    readonly currency: string;
    readonly days: readonly EquityDay[];
  }[],
  book: string | undefined,
): ReportFile {
  const rows = books.flatMap(({ book: name, account, currency, days }) =>
    days.map(({ day, deposited, capital, equity, priced }) => [
      dayText(day),
      name,
      account,
      currency,
      decimalText(deposited),
      decimalText(capital),
      decimalText(equity),
      decimalText(equity.minus(capital)),
      priced,
    ]),
  );
  return csvFile(
    [...(book === undefined ? [] : [book]), 'equity'],
    ['Day', 'Book', 'Account', 'Currency', 'Deposited', 'Realised Equity', 'Equity', 'Open Profit', 'Priced'],
    rows,
  );
}

function dayText(day: number | undefined): string {
  return day === undefined ? '' : new Date(day).toISOString().slice(0, 10);
}
