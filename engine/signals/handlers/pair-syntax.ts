/** How a pair is written: `A-B`, `A-r*B` or `A-B*r`, as TradingView names the chart of a spread `A - r x B`. */
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';

export interface Pair {
  /** Without the exchange: `NEOUSDT`. */
  readonly first: string;
  readonly second: string;
  /** Units of the second for one of the first. */
  readonly ratio: Decimal;
}

const symbol = String.raw`(?:[\w.]+:)?([\w./]+)`;
/** With an exponent of at most two digits, whose sign is not the minus of the spread: `1e-5`. */
const number = String.raw`((?:\d{1,15}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,2})?)`;
const grammar = new RegExp(String.raw`^${symbol}-(?:${number}\*${symbol}|${symbol}\*${number}|${symbol})$`);

/** The pair, or what is wrong with the text. */
export function readPair(text: string): Pair | { readonly problem: string } {
  const match = grammar.exec(text.replaceAll(/\s/g, ''));
  const [, first, before, secondAfter, secondBefore, after, alone] = match ?? [];
  const second = secondAfter ?? secondBefore ?? alone;
  if (first === undefined || second === undefined) {
    return { problem: 'must be a pair such as NEOUSDT-12*ADAUSDT, NEOUSDT-ADAUSDT*12 or NEOUSDT-ADAUSDT' };
  }
  if (first === second) return { problem: `both sides of it are ${first}` };
  const ratio = decimal(before ?? after ?? '1');
  if (ratio.lte(zero)) return { problem: 'its ratio must be above zero' };
  return { first, second, ratio };
}

export function pairText({ first, second, ratio }: Pair): string {
  return ratio.eq(decimal('1')) ? `${first}-${second}` : `${first}-${decimalText(ratio)}*${second}`;
}
