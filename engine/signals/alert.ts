/**
 * What stands in the body of an alert. The content type says nothing: TradingView sends `text/plain` for whatever is
 * not JSON, and other senders whatever their library sets. A body that begins with `{` is JSON, one with `[` is a list
 * of such that runs in order, any other is pairs: `key=… action=buy ticker=SP500 comment="two words"`.
 */

/** Names and values as they were sent: texts from pairs, anything from JSON. */
export type AlertFields = Readonly<Record<string, unknown>>;

export type ParsedAlert =
  | {
      /** In the order in which they shall run: at least one. */
      readonly alerts: readonly AlertFields[];
      /** It came as a list, if only of one. */
      readonly isList: boolean;
    }
  | { readonly problem: string };

/** Deeper than any alert, and far from where recursion over it would end the process. */
const deepest = 16;
/** More than any sender has to say at once. */
export const longestList = 50;

export function parseAlert(raw: Uint8Array): ParsedAlert {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw).trim();
  } catch {
    return { problem: 'the body is not UTF-8 text' };
  }
  if (text === '') return { problem: 'the body is empty' };
  return /^[{["]/.test(text) ? parseJson(text) : parsePairs(text);
}

function parseJson(text: string): ParsedAlert {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'the body begins like JSON, but it is not: check quotes, commas and braces' };
  }
  return alertOf(value);
}

/** What was JSON somewhere else, such as inside an encrypted message. */
export function alertOf(value: unknown): ParsedAlert {
  if (!isPlain(value, deepest)) return { problem: 'the JSON body is too deep, or has a key "__proto__"' };
  if (isFields(value)) return { alerts: [value], isList: false };
  if (!Array.isArray(value)) return { problem: 'the JSON body must be an object: {"action": …}' };
  if (value.length === 0) return { problem: 'the JSON body is an empty list' };
  if (value.length > longestList) {
    return { problem: `the JSON body has ${value.length} alerts; at most ${longestList} can come at once` };
  }
  const wrong = value.findIndex((element) => !isFields(element));
  if (wrong >= 0) return { problem: `alert ${wrong + 1} of the list must be an object: {"action": …}` };
  return { alerts: value, isList: true };
}

function isFields(value: unknown): value is AlertFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name, `=`, and a value: up to the next space, comma or semicolon, or in quotes. */
const pair = /([A-Za-z_][\w.-]*)=(?:"([^"]*)"|'([^']*)'|([^\s,;"']*))(?=[\s,;]|$)[\s,;]*/y;

function parsePairs(text: string): ParsedAlert {
  const fields = new Map<string, string>();
  pair.lastIndex = 0;
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text);
    if (!found) {
      return { problem: 'the body must be JSON, or pairs such as: action=buy ticker=SP500 quantity=1' };
    }
    const [, name = '', doubleQuoted, singleQuoted, bare] = found;
    if (fields.has(name)) return { problem: `the body has "${name}" twice` };
    if (name === '__proto__') return { problem: 'the body has a key "__proto__"' };
    fields.set(name, doubleQuoted ?? singleQuoted ?? bare ?? '');
  }
  return { alerts: [Object.fromEntries(fields)], isList: false };
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0 || Object.hasOwn(value, '__proto__')) return false;
  return Object.values(value).every((inner) => isPlain(inner, depth - 1));
}
