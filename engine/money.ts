/**
 * Decimal numbers for everything that is money, price or quantity in the books.
 *
 * big.js in strict mode: it refuses JavaScript numbers, so a rounding error cannot slip in unseen. Sums,
 * differences and products are exact; a quotient is rounded half to even at 20 decimal places.
 * Backtests use plain doubles and never come here.
 */
import Big from 'big.js';

const StrictBig = Big();
StrictBig.strict = true;
StrictBig.DP = 20;
StrictBig.RM = 2; // round half to even

export type Decimal = Big;

/**
 * A decimal from its text, such as `'12.50'`.
 * @throws RangeError when the text is not a decimal number
 */
export function decimal(text: string): Decimal {
  try {
    return new StrictBig(text.trim());
  } catch {
    throw new RangeError(`"${text}" is not a decimal number`);
  }
}

export const zero: Decimal = decimal('0');

/** A market price or a figure from a signal, as the shortest decimal that names this double. */
export function decimalOfNumber(value: number): Decimal {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a finite number`);
  return decimal(String(value));
}

/** Plain digits without an exponent: the form in which decimals are stored. */
export function decimalText(value: Decimal): string {
  return value.toFixed();
}

/** The largest multiple of `step` that is not beyond `value`, towards zero. */
export function truncateToStep(value: Decimal, step: Decimal): Decimal {
  return value.div(step).round(0, 0).times(step);
}

/** An amount in one currency. Amounts of different currencies cannot be added: that throws. */
export class Money {
  readonly amount: Decimal;
  readonly currency: string;

  constructor(amount: Decimal, currency: string) {
    this.amount = amount;
    this.currency = currency;
  }

  static of(text: string, currency: string): Money {
    return new Money(decimal(text), currency);
  }

  plus(other: Money): Money {
    return new Money(this.amount.plus(this.same(other).amount), this.currency);
  }

  minus(other: Money): Money {
    return new Money(this.amount.minus(this.same(other).amount), this.currency);
  }

  times(factor: Decimal): Money {
    return new Money(this.amount.times(factor), this.currency);
  }

  negated(): Money {
    return new Money(this.amount.neg(), this.currency);
  }

  compare(other: Money): -1 | 0 | 1 {
    return this.amount.cmp(this.same(other).amount);
  }

  get isNegative(): boolean {
    return this.amount.lt(zero);
  }

  /** For people: `1,234.50 USD`, rounded to `places`. The books keep every digit. */
  format(places = 2): string {
    return `${groupThousands(this.amount.toFixed(places))} ${this.currency}`;
  }

  toString(): string {
    return `${decimalText(this.amount)} ${this.currency}`;
  }

  private same(other: Money): Money {
    if (other.currency !== this.currency) {
      throw new RangeError(`${this.currency} and ${other.currency} cannot be added`);
    }
    return other;
  }
}

/** `-1234567.5` becomes `-1,234,567.5`. */
export function groupThousands(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** 0 in place of what is less. */
export function notNegative(amount: Decimal): Decimal {
  return amount.lt(zero) ? zero : amount;
}
