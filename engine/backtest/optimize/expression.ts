/**
 * Small formulas that people type, such as `fast < slow and slow < 100` or `returnPct / -maxDrawdownPct`: numbers, texts
 * in quotes, names, + - * /, comparisons, and, or, not, brackets. They are parsed, never evaluated as code.
 *
 *     or:         and ("or" and)*
 *     and:        not ("and" not)*
 *     not:        "not" not | comparison
 *     comparison: sum (("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") sum)?
 *     sum:        product (("+" | "-") product)*
 *     product:    sign (("*" | "/") sign)*
 *     sign:       "-" sign | number | text | "true" | "false" | name | "(" or ")"
 */
import { UserError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import type { ParamValue } from '../result.ts';

export type Names = Readonly<Record<string, ParamValue>>;

export interface Expression {
  /** @throws UserError when it uses a name that is none of these */
  check(known: readonly string[]): void;
  /** @throws UserError for a name that is not among `names`, or an operation on values that it is not for */
  evaluate(names: Names): ParamValue;
}

type Evaluate = (names: Names) => ParamValue;

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end';
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
}

const tokenPattern =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|'([^']*)'|"([^"]*)"|([a-z_]\w*)|(<=|>=|==|!=|&&|\|\||[<>=!+\-*/()]))/iy;
const comparisons = ['<', '<=', '>', '>=', '=', '==', '!='];
const longest = 500;

/** @throws UserError, with the place, for what is no such formula */
export function parseExpression(source: string): Expression {
  if (source.length > longest) throw new UserError(`A formula has at most ${longest} characters.`);
  const parser = new Parser(source);
  const evaluate = parser.parse();
  return {
    evaluate,
    check(known) {
      for (const name of parser.names) if (!known.includes(name)) throw unknownName(name, known);
    },
  };
}

class Parser {
  readonly names = new Set<string>();
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  parse(): Evaluate {
    const whole = this.#or();
    if (this.#token.kind !== 'end') throw this.#unexpected();
    return whole;
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** Takes the token if it is one of these signs or words. */
  #take(...signs: string[]): string | null {
    const { kind, text } = this.#token;
    const word = kind === 'name' ? text.toLowerCase() : text;
    if ((kind !== 'sign' && kind !== 'name') || !signs.includes(word)) return null;
    this.#next++;
    return word;
  }

  #or(): Evaluate {
    let left = this.#and();
    while (this.#take('or', '||') !== null) {
      const [one, other] = [left, this.#and()];
      left = (names) => truth(one(names)) || truth(other(names));
    }
    return left;
  }

  #and(): Evaluate {
    let left = this.#not();
    while (this.#take('and', '&&') !== null) {
      const [one, other] = [left, this.#not()];
      left = (names) => truth(one(names)) && truth(other(names));
    }
    return left;
  }

  #not(): Evaluate {
    if (this.#take('not', '!') === null) return this.#comparison();
    const negated = this.#not();
    return (names) => !truth(negated(names));
  }

  #comparison(): Evaluate {
    const left = this.#sum();
    const sign = this.#take(...comparisons);
    if (sign === null) return left;
    const right = this.#sum();
    return (names) => compare(sign, left(names), right(names));
  }

  #sum(): Evaluate {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const [one, other, factor] = [left, this.#product(), sign === '+' ? 1 : -1];
      left = (names) => number(one(names)) + factor * number(other(names));
    }
    return left;
  }

  #product(): Evaluate {
    let left = this.#signed();
    for (let sign = this.#take('*', '/'); sign !== null; sign = this.#take('*', '/')) {
      const [one, other] = [left, this.#signed()];
      left =
        sign === '*'
          ? (names) => number(one(names)) * number(other(names))
          : (names) => number(one(names)) / number(other(names));
    }
    return left;
  }

  #signed(): Evaluate {
    if (this.#take('-') !== null) {
      const positive = this.#signed();
      return (names) => -number(positive(names));
    }
    if (this.#take('(') !== null) {
      const inner = this.#or();
      if (this.#take(')') === null) throw this.#unexpected();
      return inner;
    }
    const { kind, text } = this.#token;
    if (kind === 'sign' || kind === 'end' || /^(and|or|not)$/i.test(text)) throw this.#unexpected();
    this.#next++;
    if (kind === 'number') return () => Number(text);
    if (kind === 'text') return () => text;
    if (/^(true|false)$/i.test(text)) return () => text.toLowerCase() === 'true';
    this.names.add(text);
    return (names) => {
      if (Object.hasOwn(names, text)) return names[text] as ParamValue;
      throw unknownName(text, Object.keys(names));
    };
  }

  #unexpected(): UserError {
    const { kind, text, at } = this.#token;
    const what = kind === 'end' ? 'It ends too early' : `"${text}" is not expected at character ${at + 1}`;
    return new UserError(`The formula "${this.#source}" cannot be read. ${what}.`);
  }
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (match === null) {
      const at = from + (/\S/.exec(source.slice(from))?.index ?? 0);
      throw new UserError(
        `The formula "${source}" cannot be read. "${source[at]}" is not expected at character ${at + 1}.`,
      );
    }
    const [whole, digits, single, double, name, sign] = match;
    const at = from + whole.length - whole.trimStart().length;
    if (digits !== undefined) tokens.push({ kind: 'number', text: digits, at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
    else tokens.push({ kind: 'text', text: single ?? double ?? '', at });
  }
  tokens.push({ kind: 'end', text: '', at: end });
  return tokens;
}

function unknownName(name: string, known: readonly string[]): UserError {
  const near = nearest(name, known);
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There is ${known.join(', ')}.`;
  return new UserError(`There is nothing called "${name}" here. ${hint}`);
}

function compare(sign: string, left: ParamValue, right: ParamValue): boolean {
  if (sign === '=' || sign === '==') return left === right;
  if (sign === '!=') return left !== right;
  const [a, b] = [number(left), number(right)];
  if (sign === '<') return a < b;
  if (sign === '<=') return a <= b;
  return sign === '>' ? a > b : a >= b;
}

function number(value: ParamValue): number {
  if (typeof value === 'number') return value;
  throw new UserError(`A formula computes with numbers, and ${JSON.stringify(value)} is none.`);
}

function truth(value: ParamValue): boolean {
  if (typeof value === 'boolean') return value;
  throw new UserError(`In a formula "and", "or" and "not" go between comparisons, and ${value} is none.`);
}
