/**
 * The bank: lends to books and takes back, lets owners put money in and take it out, and keeps what a broker has beyond
 * the books.
 *
 * Whatever depends on how much there is gets decided on the newest state of the ledger and is posted only when nothing
 * was posted in between, also by another process. The same cause again does nothing.
 */
import { UserError } from '../errors.ts';
import { Lanes } from '../lanes.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, notNegative, zero } from '../money.ts';
import type { Accounts } from './accounts.ts';
import type { BookSettings } from './book.ts';
import type { BrokerBalances } from './broker-balances.ts';
import type { BookLoan, NewPosting, Posting } from './ledger.ts';
import {
  adoptedPosting,
  balancesOf,
  bookAccount,
  depositPosting,
  LedgerError,
  lendPosting,
  movementPosting,
  movePosting,
  openingPosting,
  settlePosting,
  unassignedCostPosting,
} from './ledger.ts';
import type { MoneyInUse } from './money-in-use.ts';
import { moneyInUse } from './money-in-use.ts';
import type { Holdings } from './position.ts';
import { amountIn } from './sums.ts';

/** What the bank lends to a book. */
export interface Loan {
  readonly cause: string;
  readonly book: string;
  readonly amount: string;
}

/** Money that goes into or out of a book. */
export interface BookPayment {
  readonly cause: string;
  readonly book: string;
  /** Positive decimal text in the book's currency. */
  readonly amount: string;
  /** Who wants it; null for the capital of a book's file. */
  readonly by: string | null;
}

/** Money that leaves a book. */
export interface BookWithdrawal extends BookPayment {
  /** What the book's open purchases will take from its home wallet: it stays. */
  readonly promised?: Decimal;
}

export interface BookMove {
  readonly cause: string;
  readonly from: string;
  readonly to: string;
  readonly amount: string;
  readonly by: string;
  /** What the open purchases of the one that gives will take from its home wallet: it stays. */
  readonly promised?: Decimal;
}

export interface Settlement extends Omit<Loan, 'amount'> {
  /** What the book's open purchases will take from its home wallet: it is not given back yet. */
  readonly promised?: Decimal;
}

/** What one wallet of an account has and owes of one asset. */
export interface AccountLine {
  readonly wallet: string;
  readonly asset: string;
  /** What is owed of it is not taken off. */
  readonly held: Decimal;
  readonly owed: Decimal;
}

/** An amount of an asset in a wallet, or owed there. */
export interface PlacedAmount {
  readonly wallet: string;
  readonly asset: string;
  readonly amount: string;
}

/** What became of writing down what an account has. */
export interface OpenedAccount {
  /** False when it was done before. */
  readonly opened: boolean;
  /** What the books say more than there is. */
  readonly missing: readonly PlacedAmount[];
}

/** What was found at a broker, and nobody knows why: it is written down as the desk's own, beyond the books. */
export interface Adoption {
  readonly cause: string;
  readonly broker: string;
  readonly wallet: string;
  readonly asset: string;
  /** How much more there is than the ledger says; negative for less. */
  readonly amount: string;
  readonly by: string;
}

/** Interest or funding of an account on which several books trade. */
export interface SharedCost {
  readonly cause: string;
  readonly broker: string;
  readonly kind: 'interest' | 'funding';
  readonly asset: string;
  /** Positive where the account pays. */
  readonly amount: string;
  readonly wallet: string;
}

/** Decimal places of a book's share of interest; the last book gets what is left. */
const sharePlaces = 12;

export class Bank {
  readonly #accounts: Accounts;
  readonly #settings: (book: string) => BookSettings;
  readonly #lanes = new Lanes();

  constructor(accounts: Accounts, settings: (book: string) => BookSettings) {
    this.#accounts = accounts;
    this.#settings = settings;
  }

  /** What the book owns, has in use and could use, in its currency. */
  async moneyInUse(book: string): Promise<MoneyInUse> {
    return moneyInUse(await this.#accounts.holdings(book), this.#settings(book));
  }

  /**
   * Lends to a book what the desk has at its broker beyond its books, within the book's pool.
   * @throws UserError when the pool or the bank does not have that much
   */
  async lend(loan: Loan): Promise<{ readonly lent: string }> {
    const { book } = loan;
    const posting = await this.#decide(loan.cause, { kind: 'lend', book }, async () => {
      await this.#checkLoan(this.#settings(book), decimal(loan.amount));
      return lendPosting(this.#loan(loan, loan.amount));
    });
    return { lent: decimalText(receivedBy(book, posting)) };
  }

  /** The book gives back what was lent to it and is not in use. */
  async settle(settlement: Settlement): Promise<{ readonly returned: string }> {
    const { book, promised = zero } = settlement;
    const posting = await this.#decide(settlement.cause, { kind: 'settle', book }, async () => {
      const { lent, free } = await this.moneyInUse(book);
      const spare = notNegative(free.minus(promised));
      return settlePosting(this.#loan(settlement, decimalText(spare.lt(lent) ? spare : lent)));
    });
    return { returned: decimalText(receivedBy(book, posting).neg()) };
  }

  /**
   * Puts money into a book: from what the desk has at its broker beyond its books; where that is not enough or not known,
   * from its owner, who has to send it there. False when this cause was booked before.
   * @throws UserError for an amount that is none
   */
  deposit({ cause, book, amount: text, by }: BookPayment): Promise<boolean> {
    return this.#once(cause, { kind: 'deposit', book }, async () => {
      const { broker, home: wallet, currency } = this.#settings(book);
      const amount = amountOf(text, currency);
      const { opened, unassigned } = await this.#accounts.balances(broker);
      const from =
        opened && amountIn(unassigned, wallet, currency).gte(amount)
          ? ('unassigned' as const)
          : ('owner' as const);
      return depositPosting({ cause, book, broker, wallet, currency, amount: decimalText(amount), from, by });
    });
  }

  /**
   * Takes money out of a book; at a broker that is known it stays there, beyond the books. False when this cause was
   * booked before.
   * @throws UserError when the book does not have that much to spare
   */
  withdraw({ cause, book, amount: text, by, promised = zero }: BookWithdrawal): Promise<boolean> {
    return this.#once(cause, { kind: 'deposit', book }, async () => {
      await this.checkWithdrawal({ book, amount: text, promised });
      const { broker, home: wallet, currency } = this.#settings(book);
      const { opened } = await this.#accounts.balances(broker);
      return depositPosting({
        cause,
        book,
        broker,
        wallet,
        currency,
        amount: decimalText(amountOf(text, currency).neg()),
        from: opened ? 'unassigned' : 'owner',
        by,
      });
    });
  }

  /** @throws UserError when the book does not have that much to spare */
  async checkWithdrawal({
    book,
    amount: text,
    promised = zero,
  }: Pick<BookWithdrawal, 'book' | 'amount' | 'promised'>): Promise<void> {
    const { currency, home, broker } = this.#settings(book);
    const amount = amountOf(text, currency);
    const { available, lent } = await this.moneyInUse(book);
    const spare = notNegative(available.minus(promised));
    if (amount.lte(spare)) return;
    const kept = [
      'in use',
      ...(lent.gt(zero) ? [`owed to the bank (${decimalText(lent)} ${currency})`] : []),
      ...(promised.gt(zero) ? [`kept for its open orders (${decimalText(promised)} ${currency})`] : []),
    ];
    const first = promised.gt(zero) ? 'cancel orders or close positions' : 'close positions';
    throw new UserError(
      `The book "${book}" can give away at most ${decimalText(spare)} ${currency}: what lies in its wallet ${home} at ` +
        `${broker} and is not ${kept.join(' or ')}. Take less, or ${first} first.`,
    );
  }

  /**
   * Moves money from one book to another. False when this cause was booked before.
   * @throws UserError when they are not at the same place, or the first does not have that much to spare
   */
  move({ cause, from, to, amount, by, promised = zero }: BookMove): Promise<boolean> {
    return this.#once(cause, { kind: 'move', book: from }, async () => {
      await this.checkMove({ from, to, amount, promised });
      const { broker, home: wallet, currency } = this.#settings(from);
      return movePosting({ cause, from, to, broker, wallet, currency, amount, by });
    });
  }

  /** @throws UserError when they are not at the same place, or the first does not have that much to spare */
  async checkMove({
    from,
    to,
    amount,
    promised = zero,
  }: Pick<BookMove, 'from' | 'to' | 'amount' | 'promised'>): Promise<void> {
    const source = this.#settings(from);
    const target = this.#settings(to);
    const refuse = (why: string) => new UserError(`Nothing was moved from "${from}" to "${to}": ${why}`);
    if (from === to) throw refuse('they are the same book.');
    if (source.currency !== target.currency) {
      throw refuse(`one is in ${source.currency}, the other in ${target.currency}.`);
    }
    if (source.broker !== target.broker) {
      throw refuse(
        `one is at ${source.broker}, the other at ${target.broker}. Withdraw it from one, send it to the other broker, ` +
          `and deposit it there.`,
      );
    }
    if (source.home !== target.home) {
      throw refuse(
        `the money of one rests in the wallet ${source.home}, of the other in ${target.home}. Withdraw it from one, ` +
          `move it at ${source.broker}, and deposit it into the other.`,
      );
    }
    await this.checkWithdrawal({ book: from, amount, promised });
  }

  /**
   * Writes down, once, what an account holds and owes beyond its books. `missing` is what the books say more than it has:
   * that is a difference, and nothing is posted for it.
   */
  async openAccount(broker: string, lines: readonly AccountLine[]): Promise<OpenedAccount> {
    let missing: readonly PlacedAmount[] = [];
    const opened = await this.#once(`opening:${broker}`, { kind: 'opening', book: null }, async () => {
      const known = linesOf(await this.#accounts.balances(broker));
      const beyond = differences(lines, known);
      missing = beyond
        .filter(({ isMissing }) => isMissing)
        .map(({ wallet, asset, held }) => ({
          wallet,
          asset,
          amount: decimalText(held.neg()),
        }));
      return openingPosting({
        broker,
        held: beyond
          .filter(({ isMissing }) => !isMissing)
          .map(({ wallet, asset, held }) => ({ wallet, asset, amount: decimalText(held) })),
        owed: beyond
          .filter(({ owed }) => owed.gt(zero))
          .map(({ wallet, asset, owed }) => ({ wallet, asset, amount: decimalText(owed) })),
      });
    });
    return { opened, missing: opened ? missing : [] };
  }

  /** What the ledger says lies and is owed at a broker, by wallet and asset. */
  async accountOf(broker: string): Promise<readonly AccountLine[]> {
    return linesOf(await this.#accounts.balances(broker));
  }

  /** Writes down what was found at a broker as the desk's own. False when this cause was booked before. */
  adopt(adoption: Adoption): Promise<boolean> {
    return this.#accounts.ledger.post(adoptedPosting({ ...adoption, of: 'balance' }));
  }

  /** The same for what is owed there. */
  adoptDebt(adoption: Adoption): Promise<boolean> {
    return this.#accounts.ledger.post(adoptedPosting({ ...adoption, of: 'debt' }));
  }

  /**
   * Books interest on those of these books that owe the asset, by how much they owe, and funding on those with positions,
   * by what these cost; on the desk itself where no book has any. The shares add up to the amount, also when a crash came
   * between two of them: each is posted once, and what is left is shared among the others.
   */
  async shareCost(
    { cause, broker, kind, asset, amount, wallet }: SharedCost,
    books: readonly string[],
  ): Promise<void> {
    const { ledger } = this.#accounts;
    let left = decimal(amount);
    const open: { readonly book: string; readonly weight: Decimal }[] = [];
    for (const book of books) {
      const known = await ledger.find(`${cause}:${book}`);
      if (known) left = left.minus(costIn(known));
      else open.push({ book, weight: weightOf(await this.#accounts.holdings(book), kind, asset) });
    }
    const beyond = `${cause}:unassigned`;
    const known = await ledger.find(beyond);
    if (known) left = left.minus(costIn(known));
    if (left.eq(zero)) return;
    const sharing = open.filter(({ weight }) => weight.gt(zero));
    const whole = sharing.reduce((sum, { weight }) => sum.plus(weight), zero);
    const toShare = left;
    for (const [index, { book, weight }] of sharing.entries()) {
      const isLast = index === sharing.length - 1;
      const share = isLast ? left : toShare.times(weight).div(whole).round(sharePlaces, 0);
      left = left.minus(share);
      if (share.eq(zero)) continue;
      const text = decimalText(share);
      await ledger.post(
        movementPosting({
          cause: `${cause}:${book}`,
          book,
          broker,
          kind,
          asset,
          amount: text,
          wallet,
          to: null,
        }),
      );
    }
    if (sharing.length === 0) {
      await ledger.post(
        unassignedCostPosting({ cause: beyond, broker, kind, asset, amount: decimalText(left), wallet }),
      );
    }
  }

  #loan({ cause, book }: Omit<Loan, 'amount'>, amount: string): BookLoan {
    const { broker, home, currency } = this.#settings(book);
    return { cause, book, broker, wallet: home, amount, currency };
  }

  async #checkLoan({ name, broker, home, currency, pool }: BookSettings, amount: Decimal): Promise<void> {
    const wanted = `${decimalText(amount)} ${currency}`;
    if (amount.lte(zero)) throw new UserError(`The bank lends no ${wanted}: it must be more than 0.`);
    const { lent } = await this.moneyInUse(name);
    if (lent.plus(amount).gt(decimal(pool))) {
      throw new UserError(
        `The bank does not lend ${wanted} to the book "${name}": its pool is ${pool} ${currency}, of which ` +
          `${decimalText(lent)} is lent already.`,
      );
    }
    const has = amountIn((await this.#accounts.balances(broker)).unassigned, home, currency);
    if (has.lt(amount)) {
      throw new UserError(
        `The bank cannot lend ${wanted} to the book "${name}": only ${decimalText(has)} ${currency} in the wallet ` +
          `${home} at ${broker} belong to no book.`,
      );
    }
  }

  /** Whether it was posted now. */
  async #once(
    cause: string,
    what: { readonly kind: Posting['kind']; readonly book: string | null },
    make: () => Promise<NewPosting>,
  ): Promise<boolean> {
    let made = false;
    await this.#decide(cause, what, make, () => {
      made = true;
    });
    return made;
  }

  async #decide(
    cause: string,
    what: { readonly kind: Posting['kind']; readonly book: string | null },
    make: () => Promise<NewPosting>,
    onPosted: () => void = () => undefined,
  ): Promise<Posting> {
    const { ledger } = this.#accounts;
    return this.#lanes.run('decisions', async () => {
      for (;;) {
        const known = await ledger.find(cause);
        if (known) return checkKnown(known, what);
        const newest = await ledger.newest();
        if ((await ledger.postAfter(newest, await make())) === 'posted') onPosted();
      }
    });
  }
}

function checkKnown(
  known: Posting,
  { kind, book }: { readonly kind: Posting['kind']; readonly book: string | null },
): Posting {
  if (known.kind === kind && known.book === book) return known;
  throw new LedgerError(
    `"${known._id}" was posted before as a ${known.kind} of ${known.book}, not as a ${kind} of ${book}`,
  );
}

function amountOf(text: string, currency: string): Decimal {
  let amount = zero;
  try {
    amount = decimal(text);
  } catch {
    throw new UserError(`"${text}" is no amount of ${currency}. Write it as 250 or 99.50.`);
  }
  if (amount.gt(zero)) return amount;
  throw new UserError(`The amount must be more than 0 ${currency}.`);
}

function linesOf({ held, debts }: BrokerBalances): readonly AccountLine[] {
  return [...new Set([...held.keys(), ...debts.keys()])].flatMap((wallet) => {
    const assets = new Set([...(held.get(wallet)?.keys() ?? []), ...(debts.get(wallet)?.keys() ?? [])]);
    return [...assets].map((asset) => ({
      wallet,
      asset,
      held: amountIn(held, wallet, asset),
      owed: amountIn(debts, wallet, asset),
    }));
  });
}

/** What there is more than the books say; missing is what they say more, save for a short position that they do not know. */
function differences(there: readonly AccountLine[], booked: readonly AccountLine[]) {
  const same = (one: AccountLine) => (other: AccountLine) =>
    other.wallet === one.wallet && other.asset === one.asset;
  const nothing = { held: zero, owed: zero };
  const unknown = booked.filter((line) => !there.some(same(line))).map((line) => ({ ...line, ...nothing }));
  return [...there, ...unknown].map((line) => {
    const { held, owed } = booked.find(same(line)) ?? nothing;
    const beyond = line.held.minus(held);
    return {
      wallet: line.wallet,
      asset: line.asset,
      held: beyond,
      owed: line.owed.minus(owed),
      isMissing: beyond.lt(zero) && !held.eq(zero),
    };
  });
}

/** By how much a book takes part in interest on the asset, or in funding. */
function weightOf({ debts, positions }: Holdings, kind: SharedCost['kind'], asset: string): Decimal {
  if (kind === 'interest') return debts.get(asset) ?? zero;
  return [...positions.values()].reduce((sum, { cost }) => sum.plus(cost.abs()), zero);
}

/** What a posting of interest or funding took. */
function costIn({ entries }: Posting): Decimal {
  return entries
    .filter(({ account }) => account === 'interest' || account === 'funding')
    .reduce((sum, { amount }) => sum.plus(decimal(amount)), zero);
}

/** What the posting changed in what lies in the book, in its only currency. */
function receivedBy(book: string, { entries }: Posting): Decimal {
  return [...balancesOf(bookAccount(book), entries).values()][0] ?? zero;
}
