/**
 * Which share of the money goes into which symbol. A strategy of many symbols says the weights, and `rebalance()` makes
 * the orders that lead there.
 *
 * Each cycle begins with `assumeZero()` or `assumePrevious()` and ends with `rebalance()`. Between them buckets choose
 * symbols and weigh them:
 *
 * ```ts
 * this.allocation.assumeZero();
 * this.allocation.bucket('growth').append(this.roc.highest(3), this.roc.above(0)).weightEqually(0.6).apply();
 * this.allocation.bucket('bonds').append(['TLT', 'IEF']).weightEqually().apply();
 * this.rebalance();
 * ```
 *
 * or, in the short form, `this.allocation.add(symbols, condition).equalWeight()`.
 */
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Symbols, or a question that is asked of each. Ranked lists keep their order. */
export type Choice = Iterable<string> | ((symbol: string) => boolean);

export type Weights = Readonly<Record<string, number>>;

/** What rounding may add to a sum of weights. */
const sumLimit = 1.000000000000001;

export class Allocation {
  readonly symbols: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #previous: Float64Array;
  readonly #weights: Float64Array;
  readonly #buckets = new Map<string, Bucket>();
  readonly #pool = new Set<string>();
  #isAssumed = false;

  constructor(symbols: readonly string[]) {
    this.symbols = symbols;
    this.#indexes = new Map(symbols.map((symbol, index) => [symbol, index]));
    this.#previous = new Float64Array(symbols.length);
    this.#weights = new Float64Array(symbols.length);
  }

  /** Begins the cycle with nothing in any symbol. */
  assumeZero(): this {
    this.#weights.fill(0);
    this.#isAssumed = true;
    return this;
  }

  /** Begins the cycle with the weights of the last one. */
  assumePrevious(): this {
    this.#weights.set(this.#previous);
    this.#isAssumed = true;
    return this;
  }

  /**
   * Weight by symbol. Assigning sets those that are named, and the others to 0.
   * @throws UserError before the cycle has begun, and when weights are negative or more than 1 together
   */
  get weights(): Weights {
    return this.#bySymbol(this.checkedWeights());
  }

  set weights(weights: Weights) {
    const columns = new Float64Array(this.symbols.length);
    for (const [symbol, weight] of Object.entries(weights)) columns[this.#indexOf(symbol)] = weight;
    this.#check(columns);
    this.#weights.set(columns);
    this.#isAssumed = true;
  }

  /** Sets the weight of one symbol. */
  set(symbol: string, weight: number): this {
    this.#mustBeAssumed();
    this.#weights[this.#indexOf(symbol)] = weight;
    return this;
  }

  /** The weight of one symbol. */
  weightOf(symbol: string): number {
    this.#mustBeAssumed();
    return this.#weights[this.#indexOf(symbol)] as number;
  }

  /** Weight by symbol at the end of the last cycle. */
  get previousWeights(): Weights {
    return this.#bySymbol(this.#previous);
  }

  /** The share of the money that no symbol has yet. */
  get unallocated(): number {
    this.#mustBeAssumed();
    return 1 - this.#sum();
  }

  /** Whether any weight differs from the last cycle's. */
  get modified(): boolean {
    this.#mustBeAssumed();
    return this.#weights.some((weight, index) => weight !== this.#previous[index]);
  }

  /** Scales the weights so that they are 1 together. Where all are 0 they stay so. */
  normalize(): this {
    this.#mustBeAssumed();
    const sum = this.#sum();
    if (sum === 0) return this;
    for (let index = 0; index < this.#weights.length; index++) {
      this.#weights[index] = (this.#weights[index] as number) / sum;
    }
    return this;
  }

  /** A list of symbols under a name of your own, empty at the start of each cycle. */
  bucket(name: string): Bucket {
    this.#mustBeAssumed();
    const found = this.#buckets.get(name);
    if (found !== undefined) return found;
    const bucket = new Bucket(this);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** Adds to the pool the symbols that satisfy all of the conditions; up to `limit` symbols in all. */
  add(...conditions: readonly Choice[]): this {
    for (const symbol of this.choose(conditions)) this.#pool.add(symbol);
    return this;
  }

  /** Takes from the pool the symbols that satisfy all of the conditions. */
  drop(...conditions: readonly Choice[]): this {
    for (const symbol of this.choose(conditions)) this.#pool.delete(symbol);
    return this;
  }

  /** Keeps the first `count` symbols of the pool. */
  limit(count: number): this {
    for (const symbol of [...this.#pool].slice(count)) this.#pool.delete(symbol);
    return this;
  }

  /** The pool of `add`, `drop` and `limit`, in the order in which its symbols came. */
  get selected(): readonly string[] {
    return [...this.#pool];
  }

  /** Gives each symbol of the pool an equal part of `sum`, and nothing to the others. */
  equalWeight(sum = 1): this {
    checkSum(sum);
    this.assumeZero();
    for (const symbol of this.#pool) this.#weights[this.#indexOf(symbol)] = sum / this.#pool.size;
    return this;
  }

  /** For `rebalance()`: the weights in the order of the symbols, after the checks of `weights`. */
  checkedWeights(): Float64Array {
    this.#mustBeAssumed();
    this.#check(this.#weights);
    return this.#weights;
  }

  /** For `rebalance()`: the cycle is over. */
  endCycle(): void {
    this.#previous.set(this.#weights);
    this.#isAssumed = false;
    this.#buckets.clear();
    this.#pool.clear();
  }

  /** For `rebalance()` before the start of trading: there has been no cycle. */
  forget(): void {
    this.#weights.fill(0);
    this.endCycle();
  }

  /** Symbols that satisfy all of the conditions, in the order of the first list among them. */
  choose(conditions: readonly Choice[]): string[] {
    const isTest = (choice: Choice) => typeof choice === 'function';
    const lists = conditions.filter((choice): choice is Iterable<string> => !isTest(choice));
    const tests = conditions.filter(isTest) as ((symbol: string) => boolean)[];
    const [ranked = this.symbols, ...others] = lists.map((list) => [...list]);
    for (const list of [ranked, ...others]) for (const symbol of list) this.#indexOf(symbol);
    const sets = others.map((list) => new Set(list));
    return ranked.filter(
      (symbol) => sets.every((set) => set.has(symbol)) && tests.every((test) => test(symbol)),
    );
  }

  #sum(): number {
    let sum = 0;
    for (const weight of this.#weights) sum += weight;
    return sum;
  }

  #check(weights: Float64Array): void {
    let sum = 0;
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] as number;
      if (!(weight >= 0)) {
        throw new UserError(`The weight of ${this.symbols[index]} is ${weight}; weights are 0 or more.`);
      }
      sum += weight;
    }
    if (!(sum < sumLimit)) {
      throw new UserError(`The weights are ${sum} together, but there is only 1; normalize() scales them.`);
    }
  }

  #bySymbol(weights: Float64Array): Weights {
    return Object.fromEntries(this.symbols.map((symbol, index) => [symbol, weights[index] as number]));
  }

  #mustBeAssumed(): void {
    if (this.#isAssumed) return;
    throw new UserError(
      'Say allocation.assumeZero() or allocation.assumePrevious() first: each cycle, up to its rebalance(), begins with one of them.',
    );
  }

  #indexOf(symbol: string): number {
    const index = this.#indexes.get(symbol);
    if (index !== undefined) return index;
    const near = nearest(symbol, this.symbols);
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    throw new UserError(`The allocation has no symbol "${symbol}".${hint}`);
  }
}

/** Some symbols in an order, and their weights, until they are applied to the allocation. */
export class Bucket implements Iterable<string> {
  readonly #allocation: Allocation;
  #symbols: string[] = [];
  #weights: number[] | null = null;

  constructor(allocation: Allocation) {
    this.#allocation = allocation;
  }

  get symbols(): readonly string[] {
    return this.#symbols;
  }

  get length(): number {
    return this.#symbols.length;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#symbols[Symbol.iterator]();
  }

  /** Adds the symbols of a list, in its order, that satisfy all of the conditions. Those already here keep their place. */
  append(list: Choice, ...conditions: readonly Choice[]): this {
    const chosen = this.#allocation.choose([list, ...conditions]);
    this.#symbols = [...new Set([...this.#symbols, ...chosen])];
    return this;
  }

  /** Takes out the symbols that satisfy all of the conditions. Without any, nothing changes. */
  remove(...conditions: readonly Choice[]): this {
    if (conditions.length === 0) return this;
    const gone = new Set(this.#allocation.choose(conditions));
    this.#symbols = this.#symbols.filter((symbol) => !gone.has(symbol));
    return this;
  }

  /** Keeps the first `count`. */
  trim(count: number): this {
    this.#symbols = this.#symbols.slice(0, count);
    return this;
  }

  /**
   * Weighs by hand: one number for each; or numbers in the order of the symbols (more than there are symbols are
   * passed over, missing ones are 0); or numbers by symbol.
   * @throws UserError for weights that are negative or more than 1 together
   */
  weightExplicitly(weights: number | readonly number[] | Weights): this {
    if (typeof weights === 'number') {
      checkSum(weights * this.length);
      checkSum(weights);
      this.#weights = this.#symbols.map(() => weights);
    } else if (Array.isArray(weights)) {
      const list = weights as readonly number[];
      for (const weight of list) checkSum(weight);
      checkSum(list.reduce((a, b) => a + b, 0));
      this.#weights = this.#symbols.map((_, rank) => list[rank] ?? 0);
    } else {
      const bySymbol = weights as Weights;
      for (const weight of Object.values(bySymbol)) checkSum(weight);
      this.#weights = this.#symbols.map((symbol) => bySymbol[symbol] ?? 0);
      checkSum(this.#weights.reduce((a, b) => a + b, 0));
    }
    return this;
  }

  /** Equal parts of `sum`: of what is unallocated, unless said. */
  weightEqually(sum: number = this.#allocation.unallocated): this {
    checkSum(sum);
    this.#weights = this.#symbols.map(() => sum / this.length);
    return this;
  }

  /**
   * Parts of `sum` (of what is unallocated, unless said) in proportion to these numbers, in the order of the symbols.
   * @throws UserError unless there is one number of 0 or more for each symbol
   */
  weightProportionally(parts: readonly number[], sum: number = this.#allocation.unallocated): this {
    checkSum(sum);
    if (parts.length !== this.length) {
      throw new UserError(
        `The bucket has ${this.length} symbols, but was given ${parts.length} proportions.`,
      );
    }
    const wrong = parts.find((part) => !(part >= 0 && part < Number.POSITIVE_INFINITY));
    if (wrong !== undefined) throw new UserError(`A proportion is a number of 0 or more, not ${wrong}.`);
    const total = parts.reduce((a, b) => a + b, 0);
    this.#weights = parts.map((part) => (total === 0 ? 0 : (part / total) * sum));
    return this;
  }

  /**
   * Puts the weights into the allocation: `update` sets those of the bucket's symbols, `overwrite` also sets all others
   * to 0, `accumulate` adds. A bucket without symbols changes nothing.
   * @throws UserError before the bucket has been weighed
   */
  apply(method: 'update' | 'overwrite' | 'accumulate' = 'update'): void {
    const weights = this.#weights;
    if (weights === null || weights.length !== this.length) {
      throw new UserError(
        'Weigh the bucket before apply(): weightEqually(), weightProportionally() or weightExplicitly().',
      );
    }
    if (this.length === 0) return;
    if (method === 'overwrite') this.#allocation.assumeZero();
    for (const [rank, symbol] of this.#symbols.entries()) {
      const weight = weights[rank] as number;
      const before = method === 'accumulate' ? this.#allocation.weightOf(symbol) : 0;
      this.#allocation.set(symbol, before + weight);
    }
  }
}

function checkSum(sum: number): void {
  if (!(sum >= 0 && sum < sumLimit)) {
    throw new UserError(`Weights are from 0 to 1, one by one and together, not ${sum}.`);
  }
}
