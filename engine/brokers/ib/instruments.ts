/**
 * Which share is meant, and what an order for it must obey.
 *
 * `AAPL` is the share in the United States; elsewhere its exchange and currency are written: `SAP@IBIS/EUR`. What was found once is
 * kept in the store, so that a known share is known while TWS is away.
 */
import type { Contract, ContractDetails, SecType } from '@stoqey/ib';
import type { Clock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { decimal, decimalOfNumber, decimalText, zero } from '../../money.ts';
import type { Collection, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';
import type { ContractChoice, Instrument, InstrumentRules } from '../broker.ts';
import { SeveralContracts } from '../broker.ts';
import { priceTickAt } from '../price-tick.ts';
import { NoAnswer } from './codes.ts';
import type { Session } from './session.ts';

/** A share as it is kept. */
export interface Share extends StoredDocument {
  readonly symbol: string;
  readonly conId: number;
  /** As TWS calls it: `BRK B`. */
  readonly ticker: string;
  readonly exchange: string;
  readonly currency: string;
  readonly name: string;
  /** As TWS calls it: `US/Eastern`. */
  readonly timezone?: string;
  readonly sizeStep: string;
  /** From which price on which step, lowest first. */
  readonly ticks: readonly { readonly from: string; readonly step: string }[];
  readonly at: string;
}

export interface InstrumentsParts {
  /** Where found shares are kept; without it they are known as long as the process lives. */
  readonly store?: Store;
  readonly clock: Clock;
  /** As messages name it. */
  readonly name: string;
  /** @throws NoAnswer */
  readonly session: () => Session;
  /** An unknown name is not answered with those that were perhaps meant. */
  readonly withoutHints?: boolean;
}

/** A name that no share has, or that is none. */
export class UnknownShare extends UserError {
  override readonly name = 'UnknownShare';
}

interface Wanted {
  readonly conId: number | undefined;
  readonly ticker: string;
  readonly exchange: string | undefined;
  readonly currency: string | undefined;
}

/** What a symbol means, as a person said. */
interface Choice extends StoredDocument {
  readonly contract: string;
}

const contractChoices = defineCollection<Choice>('ib_choices');
const shares = defineCollection<Share>('ib_shares', { indexes: [['conId']] });

const unitedStates: readonly string[] = ['NASDAQ', 'NYSE', 'ARCA', 'AMEX', 'BATS', 'PINK', 'IEX'];
/** Exchanges as TradingView writes them before a colon, where TWS has another name. */
const exchangeNames: Readonly<Record<string, string>> = {
  XETR: 'IBIS',
  FWB: 'FWB',
  EURONEXT: 'AEB',
  SIX: 'EBS',
  HKEX: 'SEHK',
  TSE: 'TSEJ',
  TSX: 'TSE',
  ASX: 'ASX',
  NYSEARCA: 'ARCA',
};
/** Rules change now and then: what is older is asked for again, when TWS is there. */
const freshMs = 86_400_000;

export class Instruments {
  readonly #parts: InstrumentsParts;
  readonly #shares: Collection<Share> | undefined;
  readonly #choices: Collection<Choice> | undefined;
  /** By what they were asked for. */
  readonly #known = new Map<string, Share>();
  /** Last prices by number: a step of a price depends on the price. */
  readonly #lastPrices = new Map<number, string>();

  private constructor(
    parts: InstrumentsParts,
    found: Collection<Share> | undefined,
    choices: Collection<Choice> | undefined,
  ) {
    this.#parts = parts;
    this.#shares = found;
    this.#choices = choices;
  }

  static async open(parts: InstrumentsParts): Promise<Instruments> {
    const { store } = parts;
    return new Instruments(parts, await store?.collection(shares), await store?.collection(contractChoices));
  }

  /**
   * The share under a name that an alert gives it: `AAPL`, `NASDAQ:AAPL`, `SAP@IBIS/EUR`, `BRK.B`, or its number.
   * @throws UnknownShare
   * @throws UserError for a share that is not traded here
   * @throws SeveralContracts for one that several shares have, until a person has chosen
   * @throws NoAnswer for a share that is not known yet, while TWS is away
   */
  async find(name: string): Promise<Share> {
    const key = name.trim().toUpperCase();
    // Asked every time: it may have been chosen elsewhere, by another desk or for the broker of this source.
    const chosen = await this.chosen(name);
    const known = await this.#kept(key, chosen);
    if (known && this.#isFresh(known)) {
      this.#known.set(key, known);
      return known;
    }
    try {
      const found = await this.#look(wantedOf(chosen ?? name));
      await this.#keep(key, found);
      return found;
    } catch (error) {
      if (known && error instanceof NoAnswer) return known;
      throw error;
    }
  }

  /** What a person has chosen a name to mean; null where nobody has. */
  async chosen(name: string): Promise<string | null> {
    return (await this.#choices?.get(name.trim().toUpperCase()))?.contract ?? null;
  }

  /** All that a name can mean, and what a person has chosen. @throws UserError when it means none; NoAnswer */
  async choicesOf(
    name: string,
  ): Promise<{ readonly choices: readonly ContractChoice[]; readonly chosen: string | null }> {
    const chosen = await this.chosen(name);
    const found = await this.#candidates(wantedOf(name));
    return { choices: found.map(choiceOf), chosen };
  }

  /** From now on the name means this contract, in every desk on the store. @throws UserError as `Contracts.choose` */
  async choose(name: string, contract: string): Promise<Share> {
    const key = name.trim().toUpperCase();
    const share = await this.find(contract);
    const { choices } = await this.choicesOf(name);
    if (!choices.some(({ symbol }) => symbol === share.symbol)) {
      const names = choices.map(({ symbol }) => symbol).join(', ');
      throw new UserError(`"${name}" cannot mean ${share.symbol} at ${this.#parts.name}, only ${names}.`);
    }
    const choice = { contract: share.symbol };
    if (!(await this.#choices?.update(key, {}, choice))) {
      await this.#choices?.insert({ _id: key, ...choice });
    }
    await this.#keep(key, share);
    return share;
  }

  /** The share with this number, as it is among executions and positions. @throws NoAnswer */
  async byNumber(contract: Contract): Promise<Share | undefined> {
    const conId = contract.conId ?? 0;
    const [known] = (await this.#shares?.find({ conId }, { limit: 1 })) ?? [];
    if (known) return known;
    if (contract.secType !== 'STK') return undefined;
    const [details] = await this.#parts.session().contractDetails({ conId, exchange: 'SMART' });
    if (!details) return undefined;
    const share = await this.#shareOf(details);
    await this.#keep(share.symbol, share);
    return share;
  }

  /** Those whose symbol or name begins so. */
  async search(query: string, limit: number): Promise<readonly Contract[]> {
    const found = await this.#parts.session().matchingSymbols(query);
    return found.filter(({ secType }) => secType === 'STK').slice(0, limit);
  }

  noteLastPrice(share: Share, price: string): void {
    this.#lastPrices.set(share.conId, price);
  }

  instrument(
    share: Share,
    { fractional, fee }: { readonly fractional: boolean; readonly fee: string },
  ): Instrument {
    const last = this.#lastPrices.get(share.conId);
    const step = fractional ? share.sizeStep : '1';
    // Without a price the coarsest tick is on every other's.
    const rules: InstrumentRules = {
      quantityStep: step,
      priceTick: share.ticks.at(-1)?.step ?? '0.01',
      ...(share.ticks.length > 1 && { priceTicks: share.ticks }),
      minimumQuantity: step,
      minimumNotional: '0',
    };
    return {
      symbol: share.symbol,
      asset: share.symbol,
      currency: share.currency,
      rules:
        last === undefined ? rules : { ...rules, priceTick: decimalText(priceTickAt(rules, decimal(last))) },
      feeRate: fee,
    };
  }

  async #look(wanted: Wanted): Promise<Share> {
    const found = await this.#candidates(wanted);
    const american = found.filter(({ contract: its }) => isAmerican(its));
    const [only, ...others] = american.length > 0 ? american : found;
    if (!only) throw new RangeError('a search without a result');
    if (others.length > 0) {
      throw new SeveralContracts(this.#parts.name, wanted.ticker, [only, ...others].map(choiceOf));
    }
    return this.#shareOf(only);
  }

  /** Those that a name can mean. @throws UserError when there is none */
  async #candidates(wanted: Wanted): Promise<readonly ContractDetails[]> {
    const { conId, ticker, exchange, currency } = wanted;
    const contract: Contract =
      conId === undefined
        ? { symbol: ticker, secType: 'STK' as SecType, exchange: 'SMART', ...(currency && { currency }) }
        : { conId, exchange: 'SMART' };
    const found = (await this.#parts.session().contractDetails(contract)).filter(
      ({ contract: its, validExchanges = '' }) =>
        its.secType === 'STK' &&
        (exchange === undefined ||
          its.primaryExch === exchange ||
          validExchanges.split(',').includes(exchange)),
    );
    const atPrimary = found.filter((details) => details.contract.primaryExch === exchange);
    const candidates = exchange !== undefined && atPrimary.length > 0 ? atPrimary : found;
    if (candidates.length === 0) throw new UnknownShare(await this.#unknown(wanted));
    return candidates;
  }

  async #unknown({ conId, ticker, exchange, currency }: Wanted): Promise<string> {
    const where = `${exchange === undefined ? '' : ` at ${exchange}`}${currency === undefined ? '' : ` in ${currency}`}`;
    const what = conId === undefined ? `share "${ticker}"${where}` : `share with the number ${conId}`;
    const near = conId === undefined && !this.#parts.withoutHints ? await this.search(ticker, 5) : [];
    const names = near.map(({ symbol, primaryExch, currency: its }) => `${symbol}@${primaryExch}/${its}`);
    const hint =
      names.length > 0 ? ` Did you mean ${names.join(', ')}?` : ' Write it as AAPL or SAP@IBIS/EUR.';
    return `${this.#parts.name} knows no ${what}.${hint}`;
  }

  async #shareOf(details: ContractDetails): Promise<Share> {
    const { contract, priceMagnifier = 1, validExchanges = '', marketRuleIds = '', longName = '' } = details;
    const { conId = 0, symbol = '', primaryExch = '', currency = '' } = contract;
    const name = nameOf(contract);
    if (priceMagnifier > 1) {
      throw new UserError(
        `${name} is quoted in 1/${priceMagnifier} of ${currency}: the desk does not trade such shares at ${this.#parts.name}.`,
      );
    }
    const smart = validExchanges.split(',').indexOf('SMART');
    const rule = Number(marketRuleIds.split(',')[Math.max(smart, 0)]);
    const steps = rule > 0 ? await this.#parts.session().marketRule(rule) : [];
    const sizeStep = decimalOfNumber(details.sizeIncrement ?? 1);
    return {
      _id: name,
      symbol: name,
      conId,
      ticker: symbol,
      exchange: primaryExch,
      currency,
      name: longName,
      ...(details.timeZoneId && { timezone: details.timeZoneId }),
      sizeStep: decimalText(sizeStep.gt(zero) ? sizeStep : decimal('1')),
      ticks: (steps.length > 0 ? steps : [{ from: 0, step: details.minTick ?? 0.01 }])
        .toSorted((a, b) => a.from - b.from)
        .map(({ from, step }) => ({
          from: decimalText(decimalOfNumber(from)),
          step: decimalText(decimalOfNumber(step)),
        })),
      at: this.#parts.clock.now().toISOString(),
    };
  }

  /** Under what it was asked for, so that it is known by that while TWS is away. */
  async #keep(key: string, share: Share): Promise<void> {
    this.#known.set(key, share);
    if (!this.#shares) return;
    const { _id, ...fields } = share;
    for (const id of new Set([key, _id])) {
      if (await this.#shares.update(id, {}, fields)) continue;
      try {
        await this.#shares.insert({ ...share, _id: id });
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
      }
    }
  }

  /** What the name was found to mean before, unless something else was chosen since. */
  async #kept(key: string, chosen: string | null): Promise<Share | undefined> {
    const isMeant = (share: Share | undefined) => chosen === null || share?.symbol === chosen;
    const known = this.#known.get(key);
    if (known && isMeant(known)) return known;
    const kept = await this.#shares?.get(key);
    return isMeant(kept) ? kept : undefined;
  }

  #isFresh({ at }: Share): boolean {
    return this.#parts.clock.now().getTime() - Date.parse(at) < freshMs;
  }
}

function choiceOf({ contract, longName = 'no name' }: ContractDetails): ContractChoice {
  return { symbol: nameOf(contract), name: longName };
}

/** As a request names a share: by its number, which is one share's only. */
export function contractOf({ conId }: Share): Contract {
  return { conId, exchange: 'SMART' };
}

function wantedOf(name: string): Wanted {
  const text = name.trim().toUpperCase();
  const number = /^(?:CONID:)?(\d+)$/.exec(text)?.[1];
  if (number !== undefined) {
    return { conId: Number(number), ticker: '', exchange: undefined, currency: undefined };
  }
  const found = /^(?:([A-Z]+):)?([A-Z0-9][A-Z0-9.\- ]*?)(?:@([A-Z0-9]+))?(?:\/([A-Z]{3}))?$/.exec(text);
  if (!found) throw new UnknownShare(`"${name}" is no share. Write it as AAPL, NASDAQ:AAPL or SAP@IBIS/EUR.`);
  const [, prefix, ticker = '', at, currency] = found;
  const exchange = at ?? (prefix === undefined ? undefined : (exchangeNames[prefix] ?? prefix));
  return {
    conId: undefined,
    // A class of shares is written with a blank there: BRK.B and BRK-B are `BRK B`.
    ticker: ticker.replace(/[.-]/g, ' '),
    exchange: exchange === 'SMART' ? undefined : exchange,
    currency,
  };
}

function isAmerican({ currency, primaryExch = '' }: Contract): boolean {
  return currency === 'USD' && unitedStates.includes(primaryExch);
}

/** The name by which the desk knows a share. */
export function nameOf(contract: Contract): string {
  const { symbol = '', primaryExch = '', currency = '' } = contract;
  const ticker = symbol.replaceAll(' ', '.');
  return isAmerican(contract) ? ticker : `${ticker}@${primaryExch}/${currency}`;
}
