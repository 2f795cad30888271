/**
 * Loans, transfers and movements at Binance, for cross and isolated margin. Its own endpoints are asked, because ccxt cuts
 * amounts to the step of withdrawals, and adds interest to what is owed.
 *
 * https://developers.binance.com/docs/margin_trading and https://developers.binance.com/docs/wallet
 */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { Balance, Debt, Margin, Movement, MovementOutcome } from '../broker.ts';
import type { CcxtExchange } from './client.ts';
import type { Action, Connection } from './connection.ts';
import type { WalletName } from './dialects.ts';
import type { Markets } from './markets.ts';

export interface BinanceMarginParts {
  readonly connection: Connection;
  readonly wallets: readonly WalletName[];
  readonly markets: Markets;
  readonly clock: Clock;
  readonly balances: () => Promise<readonly Balance[]>;
}

/** Binance counts everything in eight decimals, unless a coin has fewer. */
const finestStep = '0.00000001';
/** Kept back of what a wallet that owes may give: prices move while a transfer is on its way. */
const reserve = decimal('0.002');
const dayMs = 86_400_000;
/** The longest span that one question may have. */
const windowMs = 30 * dayMs;
/** How far back Binance keeps them. */
const oldestMs = 180 * dayMs;
const pageSize = 100;

export class BinanceMargin implements Margin {
  readonly wallets: readonly string[];
  readonly #parts: BinanceMarginParts;
  #steps: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(parts: BinanceMarginParts) {
    this.#parts = parts;
    this.wallets = parts.wallets.filter(lends).map(({ name }) => name);
  }

  borrow(loan: { asset: string; amount: string; wallet: string }): Promise<MovementOutcome> {
    return this.#loan('BORROW', loan);
  }

  repay(loan: { asset: string; amount: string; wallet: string }): Promise<MovementOutcome> {
    return this.#loan('REPAY', loan);
  }

  async transfer(movement: {
    asset: string;
    amount: string;
    from: string;
    to: string;
  }): Promise<MovementOutcome> {
    const { asset, amount } = movement;
    return this.#move(amount, (exchange) => {
      const [from, to] = [this.#wallet(movement.from), this.#wallet(movement.to)];
      return exchange.sapiPostAssetTransfer({ asset, amount, ...this.#route(from, to) });
    });
  }

  async debts(): Promise<readonly Debt[]> {
    const debts: Debt[] = [];
    for (const wallet of this.#parts.wallets.filter(lends)) {
      for (const { asset, borrowed, interest } of await this.#holdings(wallet)) {
        if (decimal(borrowed).eq(zero) && decimal(interest).eq(zero)) continue;
        debts.push({ asset, wallet: wallet.name, principal: plain(borrowed), interest: plain(interest) });
      }
    }
    return debts;
  }

  async maxTransferable({ asset, from }: { asset: string; from: string; to: string }): Promise<string> {
    const wallet = this.#wallet(from);
    const balances = (await this.#parts.balances()).filter((balance) => balance.wallet === wallet.name);
    const free = decimal(balances.find((balance) => balance.asset === asset)?.free ?? '0');
    if (!lends(wallet) || balances.every(({ owed }) => decimal(owed).eq(zero))) return decimalText(free);
    const answer = await this.#read((exchange) =>
      exchange.sapiGetMarginMaxTransferable({ asset, ...this.#isolatedSymbol(wallet) }),
    );
    const { amount } = z.object({ amount: z.string() }).parse(answer);
    const most = decimal(amount).times(decimal('1').minus(reserve));
    return decimalText(truncateToStep(most.lt(free) ? most : free, decimal(await this.stepOf(asset))));
  }

  async stepOf(asset: string): Promise<string> {
    this.#steps ??= this.#loadSteps();
    try {
      return (await this.#steps).get(asset) ?? finestStep;
    } catch (error) {
      this.#steps = undefined;
      throw error;
    }
  }

  async movementsSince(since: Date): Promise<readonly Movement[]> {
    const now = this.#parts.clock.now().getTime();
    const movements: Movement[] = [];
    for (let from = Math.max(since.getTime(), now - oldestMs); from <= now; from += windowMs) {
      const span = { startTime: from, endTime: Math.min(from + windowMs - 1, now + dayMs) };
      for (const wallet of this.#parts.wallets.filter(lends))
        movements.push(...(await this.#loans(wallet, span)));
      movements.push(...(await this.#transfers(span)), ...(await this.#deposits(span)));
    }
    const once = new Map(movements.map((movement) => [movement.id, movement]));
    return [...once.values()].filter(({ at }) => at >= since).sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  #loan(
    type: 'BORROW' | 'REPAY',
    { asset, amount, wallet }: { asset: string; amount: string; wallet: string },
  ): Promise<MovementOutcome> {
    return this.#move(
      amount,
      (exchange) => {
        const where = this.#wallet(wallet);
        if (!lends(where)) throw new UserError(`Nothing is lent in the wallet ${wallet}.`);
        const isolated =
          where.pair === null
            ? { isIsolated: 'FALSE' }
            : { isIsolated: 'TRUE', symbol: this.#parts.markets.find(where.pair).id };
        return exchange.sapiPostMarginBorrowRepay({ asset, amount, type, ...isolated });
      },
      'loan',
    );
  }

  async #move(
    amount: string,
    action: (exchange: BinanceExchange) => Promise<unknown>,
    kind = 'transfer',
  ): Promise<MovementOutcome> {
    const ended = await this.#parts.connection.act((exchange) => action(binance(exchange)));
    if (!ended.done) return failed(ended);
    const answer = movedShape.safeParse(ended.answer);
    if (!answer.success) return { outcome: 'unknown', reason: 'the answer could not be read' };
    return { outcome: 'done', id: `${kind}-${answer.data.tranId}`, amount };
  }

  async #holdings({ pair }: WalletName) {
    const answer = await this.#read((exchange) =>
      pair === null
        ? exchange.sapiGetMarginAccount({})
        : exchange.sapiGetMarginIsolatedAccount({ symbols: this.#parts.markets.find(pair).id }),
    );
    if (pair === null) return crossShape.parse(answer).userAssets;
    return isolatedShape.parse(answer).assets.flatMap(({ baseAsset, quoteAsset }) => [baseAsset, quoteAsset]);
  }

  async #loans(wallet: WalletName, span: Span): Promise<readonly Movement[]> {
    const movements: Movement[] = [];
    const where = { wallet: wallet.name, to: null };
    for (const type of ['BORROW', 'REPAY'] as const) {
      const rows = await this.#pages(loanShape, (page, exchange) =>
        exchange.sapiGetMarginBorrowRepay({ type, ...this.#isolatedSymbol(wallet), ...span, ...page }),
      );
      for (const { txId, asset, amount, status, timestamp } of rows) {
        if (status === 'FAILED') continue;
        const kind = type === 'BORROW' ? 'borrow' : 'repay';
        movements.push({
          id: `loan-${txId}`,
          kind,
          asset,
          amount: plain(amount),
          ...where,
          at: new Date(timestamp),
        });
      }
    }
    const charged = await this.#pages(interestShape, (page, exchange) =>
      exchange.sapiGetMarginInterestHistory({ ...this.#isolatedSymbol(wallet), ...span, ...page }),
    );
    for (const { txId, asset, interest, interestAccuredTime } of charged) {
      const amount = plain(interest);
      const at = new Date(interestAccuredTime);
      movements.push({ id: `interest-${txId}`, kind: 'interest', asset, amount, ...where, at });
    }
    return movements;
  }

  async #transfers(span: Span): Promise<readonly Movement[]> {
    const movements: Movement[] = [];
    for (const from of this.#parts.wallets) {
      for (const to of this.#parts.wallets) {
        if (from === to || !canMove(from, to)) continue;
        const rows = await this.#pages(transferShape, (page, exchange) =>
          exchange.sapiGetAssetTransfer({ ...this.#route(from, to), ...span, ...page }),
        );
        for (const { tranId, asset, amount, status, timestamp } of rows) {
          if (status === 'FAILED') continue;
          movements.push({
            id: `transfer-${tranId}`,
            kind: 'transfer',
            asset,
            amount: plain(amount),
            wallet: from.name,
            to: to.name,
            at: new Date(timestamp),
          });
        }
      }
    }
    return movements;
  }

  async #deposits(span: Span): Promise<readonly Movement[]> {
    const movements: Movement[] = [];
    const add = (movement: Omit<Movement, 'to' | 'wallet'>, walletType: number | null | undefined) => {
      const wallet = this.#parts.wallets.find(({ kind }) => kind === (walletType === 1 ? 'funding' : 'spot'));
      if (wallet) movements.push({ ...movement, wallet: wallet.name, to: null });
    };
    const credited = depositShape
      .array()
      .parse(await this.#read((exchange) => exchange.sapiGetCapitalDepositHisrec({ ...span })));
    for (const { id, coin, amount, insertTime, status, walletType } of credited) {
      if (status !== 1 && status !== 6) continue;
      const at = new Date(insertTime);
      add({ id: `deposit-${id}`, kind: 'deposit', asset: coin, amount: plain(amount), at }, walletType);
    }
    const taken = withdrawalShape
      .array()
      .parse(await this.#read((exchange) => exchange.sapiGetCapitalWithdrawHistory({ ...span })));
    for (const { id, coin, amount, transactionFee, applyTime, status, walletType } of taken) {
      if (status === 1 || status === 3 || status === 5) continue; // cancelled, rejected, failed
      const whole = decimalText(decimal(amount).plus(decimal(transactionFee ?? '0')));
      const at = new Date(`${applyTime.replace(' ', 'T')}Z`);
      add({ id: `withdrawal-${id}`, kind: 'withdrawal', asset: coin, amount: whole, at }, walletType);
    }
    return movements;
  }

  async #pages<T>(
    shape: z.ZodType<T>,
    ask: (page: { current: number; size: number }, exchange: BinanceExchange) => Promise<unknown>,
  ): Promise<readonly T[]> {
    const rows: T[] = [];
    for (let current = 1; ; current += 1) {
      const answer = await this.#read((exchange) => ask({ current, size: pageSize }, exchange));
      const page = z.object({ rows: shape.array().default([]) }).parse(answer).rows;
      rows.push(...page);
      if (page.length < pageSize) return rows;
    }
  }

  async #loadSteps(): Promise<ReadonlyMap<string, string>> {
    const coins = coinShape
      .array()
      .parse(await this.#read((exchange) => exchange.sapiGetCapitalConfigGetall({})));
    return new Map(coins.map(({ coin, networkList }) => [coin, coarsest(networkList)]));
  }

  #read<T>(question: (exchange: BinanceExchange) => Promise<T>): Promise<T> {
    return this.#parts.connection.read((exchange) => question(binance(exchange)));
  }

  #wallet(name: string): WalletName {
    const found = this.#parts.wallets.find((wallet) => wallet.name === name);
    if (found) return found;
    throw new UserError(
      `There is no wallet "${name}" in this broker's list: ${this.#parts.wallets.map(({ name }) => name).join(', ')}.`,
    );
  }

  #isolatedSymbol({ pair }: WalletName): { isolatedSymbol?: string } {
    return pair === null ? {} : { isolatedSymbol: this.#parts.markets.find(pair).id };
  }

  /** The universal transfer's type, with the pairs of isolated wallets. */
  #route(from: WalletName, to: WalletName): Readonly<Record<string, string>> {
    if (!canMove(from, to)) {
      throw new UserError(`Binance moves nothing directly from ${from.name} to ${to.name}: go through spot.`);
    }
    const beyondSpot = from.kind !== 'spot' && to.kind !== 'spot';
    const [source, target] = [accountOf(from, beyondSpot), accountOf(to, beyondSpot)];
    return {
      type: `${source}_${target}`,
      ...(from.pair !== null && { fromSymbol: this.#parts.markets.find(from.pair).id }),
      ...(to.pair !== null && { toSymbol: this.#parts.markets.find(to.pair).id }),
    };
  }
}

function lends({ kind }: WalletName): boolean {
  return kind === 'cross' || kind === 'isolated';
}

function canMove(from: WalletName, to: WalletName): boolean {
  const kinds = [from.kind, to.kind];
  return from.name !== to.name && !(kinds.includes('funding') && kinds.includes('isolated'));
}

function accountOf({ kind }: WalletName, beyondSpot: boolean): string {
  switch (kind) {
    case 'spot':
      return 'MAIN';
    case 'funding':
      return 'FUNDING';
    case 'cross':
      return 'MARGIN';
    case 'isolated':
      return beyondSpot ? 'ISOLATEDMARGIN' : 'ISOLATED_MARGIN'; // as Binance spells them
    default:
      return kind satisfies never;
  }
}

function failed({ verdict, reason, call }: Action<unknown> & { readonly done: false }): MovementOutcome {
  switch (verdict) {
    case 'refused':
    case 'login':
    case 'busy': // certain, and with no id of ours a search for it would prove less than this answer
    case 'time':
    case 'duplicate':
    case 'absent':
      return { outcome: 'rejected', reason, why: whyOf(call.code) };
    case 'unsure':
      if (call.sentAt === undefined) return { outcome: 'rejected', reason, why: 'other' };
      return { outcome: 'unknown', reason };
    default:
      return verdict satisfies never;
  }
}

/** https://developers.binance.com/docs/margin_trading/error-code */
function whyOf(code: string | undefined): 'no-lender' | 'too-much' | 'other' {
  if (code === '-3045' || code === '-3012') return 'no-lender';
  const tooMuch = [
    '-3006',
    '-3015',
    '-3020',
    '-3041',
    '-5013',
    '-11008',
    '-11007',
    '-2010',
    '-3007',
    '-3008',
  ];
  return code !== undefined && tooMuch.includes(code) ? 'too-much' : 'other';
}

type Params = Readonly<Record<string, unknown>>;
type Endpoint = (params: Params) => Promise<unknown>;

/** The endpoints as ccxt names them. */
interface BinanceExchange {
  readonly sapiPostMarginBorrowRepay: Endpoint;
  readonly sapiGetMarginBorrowRepay: Endpoint;
  readonly sapiGetMarginInterestHistory: Endpoint;
  readonly sapiGetMarginMaxTransferable: Endpoint;
  readonly sapiGetMarginAccount: Endpoint;
  readonly sapiGetMarginIsolatedAccount: Endpoint;
  readonly sapiPostAssetTransfer: Endpoint;
  readonly sapiGetAssetTransfer: Endpoint;
  readonly sapiGetCapitalDepositHisrec: Endpoint;
  readonly sapiGetCapitalWithdrawHistory: Endpoint;
  readonly sapiGetCapitalConfigGetall: Endpoint;
}

function binance(exchange: CcxtExchange): BinanceExchange {
  return exchange as unknown as BinanceExchange;
}

interface Span {
  readonly startTime: number;
  readonly endTime: number;
}

const id = z.union([z.string(), z.number().transform(String)]);
const amountText = z.string();
const holding = z.object({ asset: z.string(), borrowed: amountText, interest: amountText });
const movedShape = z.object({ tranId: id });
const crossShape = z.object({ userAssets: z.array(holding) });
const isolatedShape = z.object({ assets: z.array(z.object({ baseAsset: holding, quoteAsset: holding })) });
const time = z.union([z.number(), z.string().transform(Number)]);
const loanShape = z.object({
  txId: id,
  asset: z.string(),
  amount: amountText,
  status: z.string().optional(),
  timestamp: time,
});
const interestShape = z.object({
  txId: id,
  asset: z.string(),
  interest: amountText,
  /** As Binance spells it. */
  interestAccuredTime: time,
});
const transferShape = z.object({
  tranId: id,
  asset: z.string(),
  amount: amountText,
  status: z.string().optional(),
  timestamp: time,
});
const depositShape = z.object({
  id,
  coin: z.string(),
  amount: amountText,
  insertTime: time,
  status: z.number(),
  walletType: z.number().nullish(),
});
const withdrawalShape = z.object({
  id,
  coin: z.string(),
  amount: amountText,
  transactionFee: amountText.optional(),
  applyTime: z.string(),
  status: z.number(),
  walletType: z.number().nullish(),
});
const coinShape = z.object({
  coin: z.string(),
  networkList: z.array(z.object({ withdrawIntegerMultiple: z.string().nullish() })).default([]),
});

/** The step in which all networks of a coin can count it; no finer than Binance's own. */
function coarsest(
  networks: readonly { readonly withdrawIntegerMultiple?: string | null | undefined }[],
): string {
  let step: Decimal = decimal(finestStep);
  for (const { withdrawIntegerMultiple } of networks) {
    if (withdrawIntegerMultiple === null || withdrawIntegerMultiple === undefined) continue;
    const own = decimal(withdrawIntegerMultiple);
    // Some coins are withdrawn in whole pieces only on one network: that says nothing of loans.
    if (own.gt(step) && own.lt(decimal('0.01'))) step = own;
  }
  return decimalText(step);
}

/** `0.10000000` becomes `0.1`. */
function plain(amount: string): string {
  return decimalText(decimal(amount));
}
