/** What people report of the accounts at which they trade by hand: finds the account and the order that are meant. */
import { UserError } from '../../errors.ts';
import { decimal, decimalText } from '../../money.ts';
import type { Broker, BrokerFill, BrokerOrder, ByHand, HandOrder } from '../broker.ts';

export interface AccountOrder extends HandOrder {
  readonly account: string;
}

interface HandBroker {
  readonly broker: Broker;
  readonly byHand: ByHand;
}

/** Fewer letters of an id are too easily those of another one. */
const fewestLetters = 4;

export class HandReports {
  readonly #brokers: readonly HandBroker[];

  constructor(brokers: ReadonlyMap<string, Broker>) {
    this.#brokers = [...brokers.values()].flatMap((broker) =>
      broker.byHand ? [{ broker, byHand: broker.byHand }] : [],
    );
  }

  accounts(): readonly string[] {
    return this.#brokers.map(({ broker }) => broker.name);
  }

  /** What people are asked to do, oldest first in each account. */
  async todo(): Promise<readonly AccountOrder[]> {
    const lists = await Promise.all(
      this.#brokers.map(async ({ broker, byHand }) =>
        (await byHand.todo()).map((order) => ({ ...order, account: broker.name })),
      ),
    );
    return lists.flat();
  }

  /**
   * The open order of this id, or of which the id begins or ends with it.
   * @throws UserError when there is none, or more than one
   */
  async open(typed: string): Promise<AccountOrder> {
    const found = await this.#search(typed);
    if (found) return found;
    throw await this.#unknown(typed);
  }

  /** @throws UserError for an order that is not open, or a report that cannot be true */
  async fill({
    order: typed,
    ...report
  }: Omit<Parameters<ByHand['reportFill']>[0], 'clientOrderId'> & { readonly order: string }): Promise<{
    readonly fill: BrokerFill;
    readonly fresh: boolean;
    readonly order: BrokerOrder;
  }> {
    const { account, clientOrderId } = await this.#meant(typed);
    const { broker, byHand } = this.#named(account);
    const { fill, fresh } = await byHand.reportFill({ ...report, clientOrderId });
    const order = await broker.findOrder(clientOrderId, fill.symbol);
    if (!order) throw new Error(`the order ${clientOrderId} was filled, and then it was gone`);
    return { fill, fresh, order };
  }

  /** @throws UserError for an order that is not open */
  async end({
    order: typed,
    state,
    reason,
  }: {
    readonly order: string;
    readonly state: 'rejected' | 'cancelled';
    readonly reason: string;
  }): Promise<BrokerOrder> {
    const { account, clientOrderId } = await this.#meant(typed);
    return this.#named(account).byHand.reportEnd({ clientOrderId, state, reason });
  }

  /**
   * What an account holds of an asset, by what was declared and reported.
   * @throws UserError for an account that is not traded by hand
   */
  async held({ account, asset }: { readonly account: string | undefined; readonly asset: string }): Promise<{
    readonly account: string;
    readonly quantity: string;
  }> {
    const { broker } = this.#named(account);
    const balance = (await broker.balances()).find((candidate) => candidate.asset === asset);
    const position = (await broker.positions()).find((candidate) => candidate.asset === asset);
    const quantity = balance
      ? decimalText(decimal(balance.free).plus(decimal(balance.locked)))
      : (position?.quantity ?? '0');
    return { account: broker.name, quantity };
  }

  /**
   * @returns by how much it was changed
   * @throws UserError for an account that is not traded by hand, or what is not an amount
   */
  async correct({
    account,
    ...correction
  }: {
    readonly account: string | undefined;
    readonly asset: string;
    readonly amount: string;
  }): Promise<{ readonly account: string; readonly change: string }> {
    const { broker, byHand } = this.#named(account);
    return { account: broker.name, change: await byHand.correctBalance(correction) };
  }

  /** Also an order that has ended: a report of it that comes again is recognised by its reference. */
  async #meant(typed: string): Promise<{ readonly account: string; readonly clientOrderId: string }> {
    const found = await this.#search(typed);
    if (found) return { account: found.account, clientOrderId: found.order.clientOrderId };
    for (const { broker } of this.#brokers) {
      if (await broker.findOrder(typed, '')) return { account: broker.name, clientOrderId: typed };
    }
    throw await this.#unknown(typed);
  }

  async #search(typed: string): Promise<AccountOrder | undefined> {
    const open = await this.todo();
    const exact = open.find(({ order }) => order.clientOrderId === typed);
    if (exact || typed.length < fewestLetters) return exact;
    const near = open.filter(
      ({ order: { clientOrderId } }) => clientOrderId.startsWith(typed) || clientOrderId.endsWith(typed),
    );
    if (near.length > 1) {
      const ids = near.map(({ order }) => order.clientOrderId).join(', ');
      throw new UserError(`"${typed}" may be any of ${ids}. Write more of it.`);
    }
    return near[0];
  }

  async #unknown(typed: string): Promise<UserError> {
    if (this.#brokers.length === 0) {
      return new UserError('No account is traded by hand. One is a broker of type "manual" in desk.yaml.');
    }
    const open = (await this.todo()).map(({ order }) => order.clientOrderId);
    const those = open.length === 0 ? 'None is open.' : `Open: ${open.join(', ')}.`;
    return new UserError(`There is no open order "${typed}" to be placed by hand. ${those}`);
  }

  #named(account: string | undefined): HandBroker {
    const [only, ...others] = this.#brokers;
    const found = account === undefined ? only : this.#brokers.find(({ broker }) => broker.name === account);
    if (found && (account !== undefined || others.length === 0)) return found;
    const known = this.accounts();
    if (!only) {
      throw new UserError('No account is traded by hand. One is a broker of type "manual" in desk.yaml.');
    }
    throw new UserError(
      account === undefined
        ? `More than one account is traded by hand: ${known.join(', ')}. Say which with account=…`
        : `The account "${account}" is not traded by hand. Those that are: ${known.join(', ')}.`,
    );
  }
}
