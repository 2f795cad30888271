/** Brokers, as people see them, connect them, and compare them with the books. */
import type { Books } from '../bank/books.ts';
import type {
  Balance,
  Broker,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  ContractChoice,
  Contracts,
  Debt,
  Instrument,
} from '../brokers/broker.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Difference, Resolution } from '../execution/differences.ts';
import { resolutionsOf } from '../execution/differences.ts';
import type { Reconciler } from '../execution/reconciler.ts';
import { nearest } from '../nearest.ts';
import type { Plans } from '../plans/plans.ts';

interface BrokersParts {
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly books: Books;
  readonly reconciler: Reconciler;
  readonly plans: Pick<Plans, 'watchSoon'>;
}

/** Where a broker says something else than the books, and what can be done about it. */
export interface DifferenceReport {
  readonly id: string;
  readonly broker: string;
  readonly text: string;
  /** Whether it stops the entries of the account. */
  readonly blocks: boolean;
  readonly foundAt: string;
  /** The order by which it is being traded away; null where none is. */
  readonly flattening: string | null;
  /** The safest first. */
  readonly resolutions: readonly Resolution[];
}

/** A broker as it is shown: what it is, how it is, and what it can do. */
export interface BrokerReport extends Pick<Broker, 'name' | 'capabilities' | 'wallets'> {
  readonly state: BrokerStatus['state'];
  readonly since: Date;
  /** Why it is not ready, and what to do. */
  readonly why: string | undefined;
  readonly lends: boolean;
  readonly byHand: boolean;
  /** Compared with the books since it became ready: before that nothing trades there. */
  readonly compared: boolean;
  readonly books: readonly string[];
  /** Open differences between it and the books. */
  readonly differences: number;
}

/** What a broker says of the account, now. */
export interface AccountReport {
  readonly broker: string;
  readonly balances: readonly Balance[];
  readonly positions: readonly BrokerPosition[];
  readonly orders: readonly BrokerOrder[];
  readonly debts: readonly Debt[];
}

export class DeskBrokers {
  readonly #parts: BrokersParts;

  constructor(parts: BrokersParts) {
    this.#parts = parts;
  }

  names(): readonly string[] {
    return [...this.#parts.brokers.keys()];
  }

  list(): Promise<readonly BrokerReport[]> {
    return Promise.all(this.names().map((name) => this.show(name)));
  }

  /** How a broker is, and what it can do. @throws UserError when there is no such broker */
  async show(name: string): Promise<BrokerReport> {
    const { reconciler, books } = this.#parts;
    const broker = this.#find(name);
    const { capabilities, wallets } = broker;
    const { state, since, why } = broker.status();
    const own = (await books.list()).filter((book) => book.broker === broker.name);
    const differences = (await reconciler.differences()).filter((each) => each.broker === broker.name);
    return {
      ...{ name: broker.name, capabilities, wallets, state, since, why },
      lends: broker.margin !== undefined,
      byHand: broker.byHand !== undefined,
      compared: reconciler.isCompared(broker.name),
      books: own.map((book) => book.name),
      differences: differences.length,
    };
  }

  /**
   * Begins to connect; answers when it is ready, or when it is known why it is not. At a broker with a login it starts the
   * program for it, where one is configured, and waits for the person.
   * @throws UserError when there is no such broker, or its login came to nothing
   */
  async connect(
    name: string,
    {
      signal = new AbortController().signal,
      onProgress = () => undefined,
    }: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (progress: { readonly text: string; readonly fraction: number }) => void;
    } = {},
  ): Promise<BrokerReport> {
    const broker = this.#find(name);
    const { login } = broker;
    if (!login) await broker.connect();
    else {
      await login.begin(signal, ({ text, secondsLeft }) =>
        onProgress({ text, fraction: 1 - secondsLeft / login.seconds }),
      );
    }
    return this.show(name);
  }

  /** Nothing is traded there until it is connected again. @throws UserError when there is no such broker */
  async disconnect(name: string): Promise<BrokerReport> {
    await this.#find(name).disconnect();
    return this.show(name);
  }

  /** What a symbol can mean at a broker. @throws UserError when there is no such broker or symbol */
  async contracts(
    name: string,
    symbol: string,
  ): Promise<{
    readonly broker: string;
    readonly choices: readonly ContractChoice[];
    readonly chosen: string | null;
  }> {
    const { broker, contracts } = this.#contractsOf(name);
    return { broker, ...(await contracts.of(symbol)) };
  }

  /** From now on a symbol means this contract at a broker. @throws UserError as `contracts`, and when it cannot mean that */
  async chooseContract(name: string, symbol: string, contract: string): Promise<Instrument> {
    const chosen = await this.#contractsOf(name).contracts.choose(symbol, contract);
    this.#parts.plans.watchSoon(); // an order may wait for it
    return chosen;
  }

  #contractsOf(named: string): { readonly broker: string; readonly contracts: Contracts } {
    const { name, contracts } = this.#find(named);
    if (contracts) return { broker: name, contracts };
    throw new UserError(`At ${name} a symbol means one thing only: there is nothing to choose.`);
  }

  /** @throws UserError when there is no such broker, or it does not answer */
  async account(name: string): Promise<AccountReport> {
    const broker = this.#find(name);
    const { state, why } = broker.status();
    if (state !== 'ready') {
      throw new UserError(`${broker.name} is ${state}: ${why ?? 'it does not answer'}. See /broker status.`);
    }
    try {
      const [balances, positions, orders, debts] = await Promise.all([
        broker.balances(),
        broker.positions(),
        broker.openOrders(),
        broker.margin?.debts() ?? [],
      ]);
      return { broker: broker.name, balances, positions, orders, debts };
    } catch (error) {
      throw new UserError(`${broker.name} did not answer: ${reasonOf(error)}. Try again in a moment.`, {
        cause: error,
      });
    }
  }

  /**
   * Compares a broker with the books now, and returns what differs.
   * @throws UserError when there is no such broker, or it is not ready
   */
  async reconcile(broker: string): Promise<readonly DifferenceReport[]> {
    return (await this.#parts.reconciler.reconcile(broker)).map(differenceReport);
  }

  /** Where brokers say something else than the books, as far as it is not resolved. */
  async differences(): Promise<readonly DifferenceReport[]> {
    return (await this.#parts.reconciler.differences()).map(differenceReport);
  }

  /** @throws UserError when there is no such open difference */
  async difference(id: string): Promise<DifferenceReport> {
    return differenceReport(await this.#parts.reconciler.difference(id));
  }

  /** @throws UserError when there is no such open difference, or it cannot be resolved in this way */
  async resolve({
    difference,
    how,
    by,
  }: {
    readonly difference: string;
    readonly how: Resolution;
    readonly by: string;
  }): Promise<DifferenceReport> {
    return differenceReport(await this.#parts.reconciler.resolve(difference, how, by));
  }

  #find(name: string): Broker {
    const { brokers } = this.#parts;
    const found = brokers.get(name) ?? brokers.get(name.toLowerCase());
    if (found) return found;
    const names = this.names();
    const [near] = nearest(name, names, 1);
    const hint = near === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`;
    throw new UserError(`There is no broker "${name}". ${hint}`);
  }
}

function differenceReport(difference: Difference): DifferenceReport {
  const { _id: id, broker, text, blocks, foundAt } = difference;
  const flattening = difference.flattening?.order ?? null;
  return { id, broker, text, blocks, foundAt, flattening, resolutions: resolutionsOf(difference) };
}
