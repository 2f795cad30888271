/**
 * A story of money for property tests: what may happen to two books of a margin account, told to the bank and to a model
 * that is simple enough to be believed. The store fails now and then, the desk starts again, and causes come twice.
 */
import fc from 'fast-check';
import { bookSettings } from '../../engine/bank/book.ts';
import { Books } from '../../engine/bank/books.ts';
import { UserError } from '../../engine/errors.ts';
import { Outbox } from '../../engine/events.ts';
import { silentLog } from '../../engine/log.ts';
import type { Decimal } from '../../engine/money.ts';
import { decimal, decimalText, zero } from '../../engine/money.ts';
import type { Store } from '../../engine/store/store.ts';
import { StoreError } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';
import { WatchedStore } from './watched-store.ts';

const common = { currency: 'USDT', broker: 'margin', home: 'funding', wallet: 'cross', pool: '300' };
export const storyBooks = [
  bookSettings.parse({ ...common, name: 'one', capital: '100' }),
  bookSettings.parse({ ...common, name: 'two', capital: '50.5' }),
];

/** Money with as many digits as a broker may give it. */
export function amounts(max: number, places: number): fc.Arbitrary<string> {
  return fc
    .integer({ min: 1, max: max * 10 ** places })
    .map((units) => decimalText(decimal(String(units)).div(decimal(String(10 ** places)))));
}

const book = fc.constantFrom('one' as const, 'two' as const);
const wallet = fc.constantFrom('funding', 'cross');
const coin = fc.constantFrom('ADA', 'NEO', 'BNB');
const asset = fc.oneof(fc.constant('USDT'), coin);

const events = fc.oneof(
  fc.record({
    do: fc.constantFrom('deposit' as const, 'withdraw' as const, 'lend' as const),
    book,
    amount: amounts(200, 2),
  }),
  fc.record({ do: fc.constant('settle' as const), book }),
  fc.record({ do: fc.constant('move' as const), book, amount: amounts(60, 2) }),
  fc.record({ do: fc.constant('adopt' as const), wallet, asset, amount: amounts(500, 4) }),
  fc.record({
    do: fc.constant('movement' as const),
    book,
    kind: fc.constantFrom(
      'transfer' as const,
      'borrow' as const,
      'repay' as const,
      'interest' as const,
      'funding' as const,
    ),
    asset,
    amount: amounts(120, 8),
    wallet,
  }),
  fc.record({
    do: fc.constant('fill' as const),
    book,
    asset: coin,
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: amounts(10, 3),
    price: amounts(20, 4),
    fee: fc.oneof(fc.constant('0'), amounts(1, 8)),
    feeIn: fc.constantFrom('USDT', 'the asset', 'BNB'),
    operation: fc.option(fc.constantFrom('signal:1', 'signal:2'), { nil: undefined }),
  }),
);

type Event = typeof events extends fc.Arbitrary<infer E> ? E : never;

/** One thing that happens; with `repeats` an earlier one comes again, and `faultAt` is the store's call that fails. */
export interface Scene {
  readonly event: Event;
  readonly repeats: number | null;
  readonly faultAt: number | null;
  readonly faultIs: 'before' | 'after';
  readonly restarts: boolean;
}

export const scenes: fc.Arbitrary<Scene> = fc.record({
  event: events,
  repeats: fc.option(fc.nat({ max: 30 }), { nil: null, freq: 5 }),
  faultAt: fc.option(fc.nat({ max: 12 }), { nil: null, freq: 2 }),
  faultIs: fc.constantFrom('before' as const, 'after' as const),
  restarts: fc.boolean(),
});

/** What the account should look like: by book (or `desk`), wallet and asset; and what is owed to whom. */
export class Model {
  readonly held = new Map<string, Decimal>();
  readonly owed = new Map<string, Decimal>();
  readonly lent = new Map<string, Decimal>();

  add(sums: Map<string, Decimal>, key: string, amount: Decimal): void {
    const sum = (sums.get(key) ?? zero).plus(amount);
    if (sum.eq(zero)) sums.delete(key);
    else sums.set(key, sum);
  }

  hold(owner: string, place: string, what: string, amount: Decimal): void {
    this.add(this.held, `${owner} ${place} ${what}`, amount);
  }

  get(owner: string, place: string, what: string): Decimal {
    return this.held.get(`${owner} ${place} ${what}`) ?? zero;
  }
}

/** Tells the scenes to a bank on this store, and to the model; answers both as they are in the end. */
export async function tell(
  story: readonly Scene[],
  store: Store,
): Promise<{ readonly books: Books; readonly model: Model; readonly watched: Store }> {
  let untilFault = Number.POSITIVE_INFINITY;
  let faultIs: Scene['faultIs'] = 'before';
  const watched = new WatchedStore(store, async (moment) => {
    if (moment !== faultIs) return;
    untilFault -= 1;
    if (untilFault < 0) {
      untilFault = Number.POSITIVE_INFINITY;
      throw new StoreError('the disk has a hiccup');
    }
  });
  let books = await openBooks(watched);
  const model = new Model();
  model.hold('one', 'funding', 'USDT', decimal('100'));
  model.hold('two', 'funding', 'USDT', decimal('50.5'));
  const lines = [
    { wallet: 'funding', asset: 'USDT', held: decimal('1150.5'), owed: zero },
    { wallet: 'cross', asset: 'BNB', held: decimal('3'), owed: decimal('0.25') },
  ];
  await books.openAccount('margin', lines);
  model.hold('desk', 'funding', 'USDT', decimal('1000'));
  model.hold('desk', 'cross', 'BNB', decimal('3'));
  model.add(model.owed, 'desk cross BNB', decimal('0.25'));

  const told: { readonly event: Event; answer: unknown }[] = [];
  for (const { event, repeats, faultAt, faultIs: is, restarts } of story) {
    untilFault = faultAt ?? Number.POSITIVE_INFINITY;
    faultIs = is;
    const again = repeats !== null && told.length > 0 ? repeats % told.length : null;
    const number = again ?? told.length;
    const before = again === null ? null : (told[again] ?? null);
    const tried = before?.event ?? event;
    for (;;) {
      try {
        const answer = await happen(books, tried, number);
        if (before && !(before.answer instanceof UserError)) checkRepeated(before.answer, answer);
        else {
          record(model, tried, answer); // what was refused may be possible when it comes again
          if (before) before.answer = answer;
          else told.push({ event: tried, answer });
        }
        break;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (restarts) books = await openBooks(watched);
      }
    }
  }
  untilFault = Number.POSITIVE_INFINITY;
  return { books, model, watched };
}

export async function openBooks(store: Store): Promise<Books> {
  for (;;) {
    try {
      const clock = new ManualClock();
      return await Books.open({
        store,
        clock,
        log: silentLog,
        outbox: await Outbox.open(store, clock),
        settings: storyBooks,
        lastPrice: async () => {
          throw new UserError('there is no price in this story');
        },
        snapshotEvery: 3,
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

/** The answer of the bank; what it refuses a person is an answer too. */
async function happen(books: Books, event: Event, number: number): Promise<unknown> {
  const cause = `event:${number}`;
  try {
    switch (event.do) {
      case 'deposit':
        return await books.deposit({ cause, ...event, by: 'ann' });
      case 'withdraw':
        return await books.withdraw({ cause, ...event, by: 'ann' });
      case 'lend':
        return (await books.lend({ cause, ...event })).lent;
      case 'settle':
        return (await books.settle({ cause, ...event })).returned;
      case 'move':
        return await books.move({
          cause,
          from: event.book,
          to: otherOf(event.book),
          amount: event.amount,
          by: 'ann',
        });
      case 'adopt':
        return await books.adopt({ cause, broker: 'margin', ...event, by: 'ann' });
      case 'movement': {
        const to = event.kind === 'transfer' ? otherWallet(event.wallet) : null;
        return await books.postMovement({ cause, broker: 'margin', ...event, to });
      }
      case 'fill': {
        const { feeIn, operation, ...fill } = event;
        return await books.postFill({
          cause,
          broker: 'margin',
          wallet: 'cross',
          symbol: `${event.asset}/USDT`,
          currency: 'USDT',
          ...fill,
          feeCurrency: feeIn === 'the asset' ? event.asset : feeIn,
          ...(operation !== undefined && { operation }),
        });
      }
      default:
        return event satisfies never;
    }
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function checkRepeated(first: unknown, again: unknown): void {
  if (typeof first === 'boolean' && again !== false) throw new Error('a cause was booked twice');
  if (typeof first === 'string' && again !== first) throw new Error(`first ${first}, then ${String(again)}`);
}

function record(model: Model, event: Event, answer: unknown): void {
  if (answer instanceof UserError) return;
  switch (event.do) {
    case 'deposit': {
      const amount = decimal(event.amount);
      if (model.get('desk', 'funding', 'USDT').gte(amount))
        model.hold('desk', 'funding', 'USDT', amount.neg());
      model.hold(event.book, 'funding', 'USDT', amount);
      return;
    }
    case 'withdraw': {
      const amount = decimal(event.amount);
      if (model.get(event.book, 'funding', 'USDT').lt(amount))
        throw new Error('more was withdrawn than lay there');
      model.hold(event.book, 'funding', 'USDT', amount.neg());
      model.hold('desk', 'funding', 'USDT', amount);
      return;
    }
    case 'lend':
    case 'settle': {
      const amount = event.do === 'lend' ? decimal(String(answer)) : decimal(String(answer)).neg();
      model.add(model.lent, event.book, amount);
      model.hold('desk', 'funding', 'USDT', amount.neg());
      model.hold(event.book, 'funding', 'USDT', amount);
      const lent = model.lent.get(event.book) ?? zero;
      if (lent.lt(zero) || lent.gt(decimal('300')))
        throw new Error(`${lent.toFixed()} is lent from a pool of 300`);
      if (event.do === 'lend' && model.get('desk', 'funding', 'USDT').lt(zero))
        throw new Error('the bank lent what it had not');
      return;
    }
    case 'move': {
      model.hold(event.book, 'funding', 'USDT', decimal(event.amount).neg());
      model.hold(otherOf(event.book), 'funding', 'USDT', decimal(event.amount));
      return;
    }
    case 'adopt':
      model.hold('desk', event.wallet, event.asset, decimal(event.amount));
      return;
    case 'movement':
      recordMovement(model, event);
      return;
    case 'fill': {
      const signed = decimal(event.side === 'buy' ? event.quantity : `-${event.quantity}`);
      model.hold(event.book, 'cross', event.asset, signed);
      model.hold(event.book, 'cross', 'USDT', signed.times(decimal(event.price)).neg());
      const feeIn = event.feeIn === 'the asset' ? event.asset : event.feeIn;
      model.hold(event.book, 'cross', feeIn, decimal(event.fee).neg());
      return;
    }
    default:
      event satisfies never;
  }
}

function recordMovement(model: Model, event: Extract<Event, { do: 'movement' }>): void {
  const amount = decimal(event.amount);
  const owed = `${event.book} ${event.wallet} ${event.asset}`;
  switch (event.kind) {
    case 'transfer':
      model.hold(event.book, event.wallet, event.asset, amount.neg());
      model.hold(event.book, otherWallet(event.wallet), event.asset, amount);
      return;
    case 'borrow':
      model.add(model.owed, owed, amount);
      model.hold(event.book, event.wallet, event.asset, amount);
      return;
    case 'repay':
      model.add(model.owed, owed, amount.neg());
      model.hold(event.book, event.wallet, event.asset, amount.neg());
      return;
    case 'interest':
      model.add(model.owed, owed, amount);
      return;
    case 'funding':
      model.hold(event.book, event.wallet, event.asset, amount.neg());
      return;
    default:
      event.kind satisfies never;
  }
}

function otherOf(name: 'one' | 'two'): 'one' | 'two' {
  return name === 'one' ? 'two' : 'one';
}

function otherWallet(name: string): string {
  return name === 'funding' ? 'cross' : 'funding';
}
