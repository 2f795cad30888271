/** Wallets and loans of a paper account. What it assumes of a lender is written for users in docs/brokers/paper.md. */
import type { Clock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { Account } from '../account/account.ts';
import type { AccountEvent } from '../account/entry.ts';
import type { Journal } from '../account/journal.ts';
import { movementId } from '../account/journal.ts';
import type { Debt, Margin, Movement, MovementOutcome } from '../broker.ts';
import type { Prices } from '../prices.ts';
import type { PaperSettings } from './settings.ts';

export interface PaperMarginParts {
  /** Of the broker. */
  readonly name: string;
  readonly settings: PaperSettings;
  readonly journal: Journal;
  readonly prices: Prices;
  readonly clock: Clock;
  /** The currency in which everything is valued. */
  readonly valuedIn: string;
  isReady(): boolean;
}

type Loan = Parameters<Margin['borrow']>[0];
type Transfer = Parameters<Margin['transfer']>[0];
type Refusal = Extract<MovementOutcome, { outcome: 'rejected' }>;
/** What one unit of each asset is worth. */
type Worths = ReadonlyMap<string, Decimal>;
type StoredMovement = Extract<AccountEvent, { kind: 'movement' }>['movement'];

const hourMs = 3_600_000;
const hoursADay = decimal('24');
const one = decimal('1');
const defaultStep = '0.00000001';
const defaultLevel = '2';

export class PaperMargin implements Margin {
  readonly wallets: readonly string[];
  readonly #parts: PaperMarginParts;
  readonly #step: Decimal;

  constructor(parts: PaperMarginParts) {
    this.#parts = parts;
    this.wallets = parts.settings.margin?.wallets ?? [];
    this.#step = decimal(parts.settings.margin?.step ?? defaultStep);
  }

  borrow({ asset, amount, wallet }: Loan): Promise<MovementOutcome> {
    return this.#move({ kind: 'borrow', asset, amount, wallet, to: null }, async () => {
      const { settings } = this.#parts;
      const leverage = decimal(settings.margin?.leverage ?? '1');
      if (settings.margin?.noLender.includes(asset)) return noLender(asset);
      const worths = await this.#worths(wallet, asset);
      return (account) => {
        const { assets, debts } = valuation(account, wallet, worths);
        const most = assets.minus(debts).times(leverage.minus(one)).minus(debts);
        const wanted = decimal(amount).times(worthOf(worths, asset));
        if (wanted.lte(most)) return undefined;
        const { valuedIn } = this.#parts;
        return tooMuch(
          `${amount} ${asset} is worth ${decimalText(wanted)} ${valuedIn}, and ${wallet} covers loans of ` +
            `${decimalText(most.gt(zero) ? most : zero)} ${valuedIn} more`,
        );
      };
    });
  }

  repay({ asset, amount, wallet }: Loan): Promise<MovementOutcome> {
    return this.#move({ kind: 'repay', asset, amount, wallet, to: null }, async () => (account) => {
      const { principal, interest } = account.owed(wallet, asset);
      const owed = principal.plus(interest);
      if (decimal(amount).gt(owed)) return tooMuch(`${wallet} owes ${decimalText(owed)} ${asset}`);
      return notFree(account, wallet, asset, amount);
    });
  }

  transfer({ asset, amount, from, to }: Transfer): Promise<MovementOutcome> {
    return this.#move({ kind: 'transfer', asset, amount, wallet: from, to }, async (before) => {
      const worths = hasDebts(before, from) ? await this.#worths(from, asset) : new Map();
      return (account) => {
        const refusal = notFree(account, from, asset, amount);
        if (refusal) return refusal;
        const most = this.#mostOut(account, from, asset, worths);
        if (decimal(amount).lte(most)) return undefined;
        return tooMuch(
          `${from} owes, and must keep ${this.#level()} times of that: ${decimalText(most)} ${asset} may leave it`,
        );
      };
    });
  }

  async debts(): Promise<readonly Debt[]> {
    await this.chargeInterest();
    const account = await this.#parts.journal.current();
    return account
      .loans()
      .map(({ asset, wallet, principal, interest }) => ({ asset, wallet, principal, interest }));
  }

  async maxTransferable({ asset, from }: { asset: string; from: string; to: string }): Promise<string> {
    await this.chargeInterest();
    const account = await this.#parts.journal.current();
    const worths = hasDebts(account, from) ? await this.#worths(from, asset) : new Map();
    return decimalText(this.#mostOut(account, from, asset, worths));
  }

  async stepOf(): Promise<string> {
    return decimalText(this.#step);
  }

  async movementsSince(since: Date): Promise<readonly Movement[]> {
    await this.chargeInterest();
    return this.#parts.journal.movementsSince(since);
  }

  /** For each full hour since the last charge. It is due however often, or seldom, somebody looks. */
  async chargeInterest(): Promise<void> {
    const { journal, settings } = this.#parts;
    const perDay = decimal(settings.margin?.interest ?? '0');
    if (perDay.eq(zero)) return;
    for (const { wallet, asset } of (await journal.current()).loans()) {
      await journal.add((account, at) => {
        const loan = account.loans().find((other) => other.wallet === wallet && other.asset === asset);
        const hours = loan ? Math.floor((Date.parse(at) - Date.parse(loan.chargedTo)) / hourMs) : 0;
        if (!loan || hours < 1) return undefined;
        const exact = decimal(loan.principal)
          .times(perDay)
          .times(decimal(String(hours)))
          .div(hoursADay);
        const amount = roundToStep(exact, this.#step);
        if (amount.lte(zero)) return undefined; // too little to count: charged with the next hours
        const chargedTo = new Date(Date.parse(loan.chargedTo) + hours * hourMs).toISOString();
        const movement = {
          kind: 'interest',
          asset,
          amount: decimalText(amount),
          wallet,
          to: null,
          chargedTo,
        } as const;
        return { event: { kind: 'movement', movement } };
      });
    }
  }

  /** @param prepare asks for what the decision needs, such as prices, and returns the decision itself */
  async #move(
    movement: StoredMovement,
    prepare: (before: Account) => Promise<Refusal | ((account: Account) => Refusal | undefined)>,
  ): Promise<MovementOutcome> {
    const { journal, name } = this.#parts;
    try {
      if (!this.#parts.isReady()) return { outcome: 'unknown', reason: `${name} is not connected` };
      const nonsense = this.#nonsense(movement);
      if (nonsense) return nonsense;
      await this.chargeInterest();
      const decide = await this.#prepared(prepare, await journal.current());
      if (typeof decide !== 'function') return decide;
      let refusal: Refusal | undefined;
      const added = await journal.add((account) => {
        refusal = decide(account);
        return refusal ? undefined : { event: { kind: 'movement', movement } };
      });
      if (added) return { outcome: 'done', id: movementId(added.entry.sequence), amount: movement.amount };
      return refusal ?? other('nothing came of it');
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  /** Nothing has been done when the prices cannot be had: that is certain, so it is a refusal. */
  async #prepared(
    prepare: (before: Account) => Promise<Refusal | ((account: Account) => Refusal | undefined)>,
    before: Account,
  ): Promise<Refusal | ((account: Account) => Refusal | undefined)> {
    try {
      return await prepare(before);
    } catch (error) {
      return other(reasonOf(error));
    }
  }

  #nonsense({ kind, asset, amount: text, wallet, to }: StoredMovement): Refusal | undefined {
    const { wallets } = this.#parts.settings;
    const places = kind === 'transfer' ? wallets : this.wallets;
    for (const name of kind === 'transfer' ? [wallet, to ?? ''] : [wallet]) {
      if (!places.includes(name)) return other(`${this.#parts.name} has no such wallet "${name}"`);
    }
    if (kind === 'transfer' && wallet === to) return other(`it is in ${wallet} already`);
    let amount: Decimal;
    try {
      amount = decimal(text);
    } catch (error) {
      return other(reasonOf(error));
    }
    if (amount.lte(zero)) return other(`the amount must be above 0, not ${text} ${asset}`);
    if (truncateToStep(amount, this.#step).eq(amount) || kind !== 'borrow') return undefined;
    return other(`${text} ${asset} is not a multiple of ${decimalText(this.#step)}`);
  }

  #mostOut(account: Account, wallet: string, asset: string, worths: Worths): Decimal {
    const free = account.free(wallet, asset);
    if (free.lte(zero)) return zero;
    if (!hasDebts(account, wallet)) return free;
    const { assets, debts } = valuation(account, wallet, worths);
    const room = assets.minus(debts.times(decimal(this.#level())));
    if (room.lte(zero)) return zero;
    const most = truncateToStep(room.div(worthOf(worths, asset)), this.#step);
    return most.lt(free) ? most : free;
  }

  #level(): string {
    return this.#parts.settings.margin?.transferLevel ?? defaultLevel;
  }

  /** @throws when an asset of the wallet has no price */
  async #worths(wallet: string, asset: string): Promise<Worths> {
    const { journal, prices, valuedIn } = this.#parts;
    const account = await journal.current();
    const worths = new Map<string, Decimal>();
    for (const name of new Set([...account.assetsOf(wallet), asset])) {
      const { principal, interest } = account.owed(wallet, name);
      const isThere = !account.total(wallet, name).eq(zero) || principal.plus(interest).gt(zero);
      if (name !== asset && !isThere) continue;
      const symbol = account.isShare(name) ? name : `${name}/${valuedIn}`;
      worths.set(name, name === valuedIn ? one : decimal((await prices.lastPrice(symbol)).price));
    }
    return worths;
  }
}

function valuation(account: Account, wallet: string, worths: Worths) {
  let [assets, debts] = [zero, zero];
  for (const asset of account.assetsOf(wallet)) {
    const { principal, interest } = account.owed(wallet, asset);
    const [held, owed] = [account.total(wallet, asset), principal.plus(interest)];
    if (held.eq(zero) && owed.eq(zero)) continue;
    assets = assets.plus(held.times(worthOf(worths, asset)));
    debts = debts.plus(owed.times(worthOf(worths, asset)));
  }
  return { assets, debts };
}

/** @throws when the asset came into the wallet while prices were asked for: what it is worth must not be guessed */
function worthOf(worths: Worths, asset: string): Decimal {
  const worth = worths.get(asset);
  if (!worth) throw new Error(`the wallet changed while its value was counted: ${asset} came into it`);
  return worth;
}

function hasDebts(account: Account, wallet: string): boolean {
  return account.loans().some((loan) => loan.wallet === wallet);
}

function notFree(account: Account, wallet: string, asset: string, amount: string): Refusal | undefined {
  const free = account.free(wallet, asset);
  if (decimal(amount).lte(free)) return undefined;
  return tooMuch(`${wallet} has ${decimalText(free)} ${asset} that is free`);
}

function roundToStep(value: Decimal, step: Decimal): Decimal {
  return value.div(step).round(0, 2).times(step);
}

function tooMuch(reason: string): Refusal {
  return { outcome: 'rejected', why: 'too-much', reason };
}

function noLender(asset: string): Refusal {
  return { outcome: 'rejected', why: 'no-lender', reason: `nobody lends ${asset} just now` };
}

function other(reason: string): Refusal {
  return { outcome: 'rejected', why: 'other', reason };
}
