/** What brokers say lies with them, beside what the books say. */
import type { AccountLine } from '../bank/bank.ts';
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import { reasonOf } from '../errors.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';

/** One asset in one wallet. Decimal text. */
export interface BalanceLine {
  readonly wallet: string;
  readonly asset: string;
  /** Null when the broker could not be asked. */
  readonly broker: string | null;
  /** Of it, what open orders hold back. */
  readonly locked: string;
  /** Of all books and of what belongs to none. */
  readonly books: string;
  readonly owed: string;
  readonly owedByBooks: string;
  /** The broker's less the books'; null when the broker could not be asked. */
  readonly difference: string | null;
}

export interface AccountBalances {
  /** The broker's name. */
  readonly account: string;
  /** Why the broker could not be asked; null when it answered. */
  readonly problem: string | null;
  /** Nobody has looked at the account yet: what lies there beyond the books is not in them. */
  readonly opened: boolean;
  readonly lines: readonly BalanceLine[];
}

/** An asset in a wallet, as the broker says. */
export interface BrokerLine {
  readonly wallet: string;
  readonly asset: string;
  readonly held: Decimal;
  readonly locked: Decimal;
  readonly owed: Decimal;
}

/** Never throws: of a broker that does not answer, the books' figures stand alone. */
export async function accountBalances(broker: Broker, books: Books): Promise<AccountBalances> {
  const ours = await books.accountOf(broker.name);
  const { opened } = await books.balancesOfBroker(broker.name);
  try {
    const theirs = await linesOf(broker);
    return { account: broker.name, problem: null, opened, lines: sideBySide(theirs, ours) };
  } catch (error) {
    return { account: broker.name, problem: reasonOf(error), opened, lines: sideBySide(null, ours) };
  }
}

async function linesOf(broker: Broker): Promise<readonly BrokerLine[]> {
  const balances = (await broker.balances()).map(({ wallet, asset, free, locked, owed }) => ({
    ...{ wallet, asset, locked: decimal(locked), owed: decimal(owed) },
    held: decimal(free).plus(decimal(locked)),
  }));
  const positions = (await broker.positions()).map(({ wallet, asset, quantity }) => ({
    ...{ wallet, asset, held: decimal(quantity), locked: zero, owed: zero },
  }));
  return [...balances, ...positions];
}

/** Every asset that either of them names and that is not nothing to both. `null` for a broker that does not answer. */
export function sideBySide(
  theirs: readonly BrokerLine[] | null,
  ours: readonly AccountLine[],
): readonly BalanceLine[] {
  const places = new Map<string, { readonly wallet: string; readonly asset: string }>();
  for (const { wallet, asset } of [...(theirs ?? []), ...ours])
    places.set(JSON.stringify([wallet, asset]), { wallet, asset });
  return [...places.values()].flatMap(({ wallet, asset }) => {
    const isHere = (line: { readonly wallet: string; readonly asset: string }) =>
      line.wallet === wallet && line.asset === asset;
    const sum = <L extends { readonly wallet: string; readonly asset: string }>(
      lines: readonly L[],
      of: (line: L) => Decimal,
    ) => lines.filter(isHere).reduce((total, line) => total.plus(of(line)), zero);
    const held = sum(theirs ?? [], (line) => line.held);
    const owed = sum(theirs ?? [], (line) => line.owed);
    const books = sum(ours, (line) => line.held);
    const owedByBooks = sum(ours, (line) => line.owed);
    if ([held, owed, books, owedByBooks].every((amount) => amount.eq(zero))) return [];
    return [
      {
        wallet,
        asset,
        broker: theirs === null ? null : decimalText(held),
        locked: decimalText(sum(theirs ?? [], (line) => line.locked)),
        books: decimalText(books),
        owed: decimalText(owed),
        owedByBooks: decimalText(owedByBooks),
        difference: theirs === null ? null : decimalText(held.minus(books)),
      },
    ];
  });
}
