/** What a parameter may be, as people type it: `5..30`, `5..30/5`, `5,10,20`, `yes,no`. */
import { UserError } from '../engine/errors.ts';

export type ChoiceValue = number | string | boolean;

const mostValues = 10_000;
const number = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?`;
const spanForm = new RegExp(`^(${number})\\.\\.(${number})(?:/(${number}))?$`, 'i');
const numberForm = new RegExp(`^${number}$`, 'i');

/**
 * The values of one parameter. A span includes both ends; its step is 1 unless said.
 * @throws UserError for what is neither a span nor a list
 */
export function choicesOf(name: string, text: string): ChoiceValue[] {
  const span = spanForm.exec(text.trim());
  if (span) {
    const [, from = '', to = '', step = '1'] = span;
    return spanValues(name, text, Number(from), Number(to), Number(step));
  }
  const words = text.split(',').map((word) => word.trim());
  if (words.some((word) => word === '')) {
    throw new UserError(`${name}=${text} is neither a span such as 5..30/5 nor a list such as 5,10,20.`);
  }
  return words.map(readValue);
}

function spanValues(name: string, text: string, from: number, to: number, step: number): number[] {
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (!(step > 0) || count < 1) {
    throw new UserError(
      `${name}=${text} has no values: a span goes up, in steps above zero, such as 5..30/5.`,
    );
  }
  if (count > mostValues)
    throw new UserError(`${name}=${text} has ${count} values; at most ${mostValues} can be tried.`);
  // Rounded, so that 0.1..0.3/0.1 ends with 0.3 and not with 0.30000000000000004.
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)));
}

function readValue(word: string): ChoiceValue {
  if (numberForm.test(word)) return Number(word);
  if (/^(true|yes|on)$/i.test(word)) return true;
  if (/^(false|no|off)$/i.test(word)) return false;
  return word;
}
