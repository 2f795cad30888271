/** A book as it is shown: its money and positions with their prices, as decimal text. */
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { BookSettings } from './book.ts';
import { moneyInUse } from './money-in-use.ts';
import type { Holdings, Position } from './position.ts';
import type { Amounts } from './sums.ts';
import { withoutZeros } from './sums.ts';
import type { Suspension } from './suspensions.ts';

/** One position of a book. Money in the book's currency. */
export interface PositionReport {
  /** As it was traded last, and as the ledger counts it. */
  readonly symbol: string;
  readonly asset: string;
  /** Negative when short. */
  readonly quantity: string;
  readonly averageCost: string;
  /** Null when there is no price just now: the position then counts at its cost. */
  readonly lastPrice: string | null;
  readonly value: string;
  readonly unrealised: string;
}

/** So much of an asset or currency. */
export interface AmountReport {
  readonly asset: string;
  readonly amount: string;
}

/** Money in the book's currency where nothing else is said. */
export interface BookReport {
  readonly name: string;
  readonly description: string;
  readonly currency: string;
  readonly broker: string;
  readonly active: boolean;
  /** What stops it, by itself or with the whole desk. */
  readonly suspension: Suspension | null;
  /** Over all wallets, what the bank lent with it, what is owed to the broker taken off. */
  readonly cash: string;
  readonly positions: readonly PositionReport[];
  /** What a fee or interest in another currency took, at its price where there is one, else not counted. */
  readonly otherCash: readonly (AmountReport & { readonly value: string | null })[];
  /** Cash and positions, less what is owed to the bank. */
  readonly equity: string;
  /** What it owns of itself: deposits and closed profit, less fees and interest. */
  readonly capital: string;
  /** What the bank may lend it, and has lent. */
  readonly pool: string;
  readonly lent: string;
  /** What works, of its capital and of what was lent. */
  readonly inUse: string;
  /** What it may enter with of its own, or give away. */
  readonly available: string;
  /** What is owed to the broker, with interest as far as it is booked. */
  readonly debts: readonly AmountReport[];
  /** Interest and funding in what they were charged in, and what they cost. */
  readonly interest: readonly AmountReport[];
  readonly interestCost: string;
  /** Deposits less withdrawals. */
  readonly deposited: string;
  /** Profit of what was closed, fees and interest not taken off. */
  readonly realised: string;
  readonly unrealised: string;
  readonly fees: string;
  /** Fees in every currency, that of the book with them. */
  readonly feesByCurrency: readonly AmountReport[];
  /** What the desk has at its broker, in the book's currency and home wallet, beyond all books; null while unknown. */
  readonly unassigned: string | null;
}

export interface BookReportParts {
  readonly settings: BookSettings;
  readonly holdings: Holdings;
  readonly active: boolean;
  readonly suspension: Suspension | null;
  readonly unassigned: string | null;
  /** Null when there is no price. */
  readonly lastPrice: (symbol: string) => Promise<string | null>;
}

export async function bookReport(parts: BookReportParts): Promise<BookReport> {
  const { settings, holdings, lastPrice, active, suspension, unassigned } = parts;
  const { name, description, currency, broker, pool } = settings;
  const positions = await Promise.all(
    [...holdings.positions].map(async ([asset, position]) =>
      positionReport(asset, position, await lastPrice(position.symbol)),
    ),
  );
  const otherCash = await Promise.all(
    [...withoutZeros(holdings.cash)]
      .filter(([asset]) => asset !== currency)
      .map(async ([asset, amount]) => {
        const price = await lastPrice(`${asset}/${currency}`);
        const value = price === null ? null : decimalText(amount.times(decimal(price)));
        return { asset, amount: decimalText(amount), value };
      }),
  );
  const { capital, lent, inUse, available } = moneyInUse(holdings, settings);
  const cash = amountIn(holdings.cash, currency);
  const equity = cash
    .minus(lent)
    .plus(total(positions.map(({ value }) => value)))
    .plus(total(otherCash.map(({ value }) => value ?? '0')));
  return {
    name,
    description,
    currency,
    broker,
    active,
    suspension,
    cash: decimalText(cash),
    positions,
    otherCash,
    equity: decimalText(equity),
    capital: decimalText(capital),
    pool,
    lent: decimalText(lent),
    inUse: decimalText(inUse),
    available: decimalText(available),
    debts: amounts(holdings.debts),
    interest: amounts(holdings.interest),
    interestCost: decimalText(amountIn(holdings.interestCost, currency)),
    deposited: decimalText(amountIn(holdings.deposited, currency)),
    realised: decimalText(amountIn(holdings.realised, currency)),
    unrealised: decimalText(total(positions.map(({ unrealised }) => unrealised))),
    fees: decimalText(amountIn(holdings.fees, currency)),
    feesByCurrency: amounts(holdings.fees),
    unassigned,
  };
}

function positionReport(
  asset: string,
  { symbol, quantity, cost }: Position,
  lastPrice: string | null,
): PositionReport {
  const value = lastPrice === null ? cost : quantity.times(decimal(lastPrice));
  return {
    symbol,
    asset,
    quantity: decimalText(quantity),
    averageCost: decimalText(cost.div(quantity)),
    lastPrice,
    value: decimalText(value),
    unrealised: decimalText(value.minus(cost)),
  };
}

function amounts(sums: Amounts): readonly AmountReport[] {
  return [...withoutZeros(sums)].map(([asset, amount]) => ({ asset, amount: decimalText(amount) }));
}

function amountIn(sums: Amounts, currency: string): Decimal {
  return sums.get(currency) ?? zero;
}

function total(texts: readonly string[]): Decimal {
  return texts.reduce((sum, text) => sum.plus(decimal(text)), zero);
}
