/** The parameters of one request: each is read by its kind, and what was sent but not known is refused. */
import { type Decimal, decimal, zero } from '../../../../engine/money.ts';
import { BinanceError } from './errors.ts';

export class Parameters {
  readonly #values: Readonly<Record<string, string>>;

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = values;
  }

  /** @throws BinanceError -1104 for what is not in the list, -1105 for what is empty */
  only(known: ReadonlySet<string>): void {
    const names = Object.keys(this.#values);
    const read = names.filter((name) => known.has(name));
    if (read.length < names.length) {
      throw new BinanceError(
        -1104,
        `Not all sent parameters were read; read '${read.length}' parameter(s) but was sent '${names.length}'.`,
      );
    }
    for (const name of names) {
      if (this.#values[name] === '') throw new BinanceError(-1105, `Parameter '${name}' was empty.`);
    }
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (value === undefined || value === '') throw mandatory(name);
    return value;
  }

  optional(name: string): string | undefined {
    return this.#values[name];
  }

  /** A positive amount. */
  amount(name: string): Decimal {
    const text = this.text(name);
    if (!/^\d{1,20}(\.\d{1,20})?$/.test(text)) throw illegal(name, '^([0-9]{1,20})(\\.[0-9]{1,20})?$');
    const amount = decimal(text);
    if (amount.lte(zero)) throw new BinanceError(-1102, mandatory(name).message);
    return amount;
  }

  optionalAmount(name: string): Decimal | undefined {
    return this.has(name) ? this.amount(name) : undefined;
  }

  integer(name: string): number | undefined {
    const text = this.#values[name];
    if (text === undefined) return undefined;
    if (!/^\d{1,20}$/.test(text)) throw illegal(name, '^[0-9]{1,20}$');
    return Number(text);
  }

  /** Of a list: 500 unless told, at most 1000. */
  limit(): number {
    return Math.min(this.integer('limit') ?? 500, 1000);
  }

  flag(name: string): boolean {
    const text = this.#values[name]?.toUpperCase();
    if (text === undefined || text === 'FALSE') return false;
    if (text === 'TRUE') return true;
    throw mandatory(name);
  }

  /** Null for what is none of them. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined | null {
    const text = this.#values[name];
    if (text === undefined) return undefined;
    return choices.find((choice) => choice === text) ?? null;
  }

  /** Of ours: 1 to 36 characters. */
  clientOrderId(name: string): string | undefined {
    const text = this.#values[name];
    if (text !== undefined && !/^[a-zA-Z0-9-_]{1,36}$/.test(text))
      throw illegal(name, '^[a-zA-Z0-9-_]{1,36}$');
    return text;
  }
}

export function mandatory(name: string): BinanceError {
  return new BinanceError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
}

function illegal(name: string, range: string): BinanceError {
  return new BinanceError(
    -1100,
    `Illegal characters found in parameter '${name}'; legal range is '${range}'.`,
  );
}
