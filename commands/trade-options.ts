/** How much is traded and how, as people say it: `3`, `10%`, `500 USD`; a price makes it a limit order. */
import { UserError } from '../engine/errors.ts';
import type { OptionSet } from './command.ts';

export const termOptions = {
  price: { type: 'string', description: 'Limit: at this price or better', example: '2800' },
  stop: { type: 'string', description: 'Only when the price reaches this', example: '2900' },
  open_for: {
    type: 'integer',
    description: 'Seconds until what is not filled is cancelled; 60 where not given',
    min: 1,
    max: 2_592_000,
  },
  stop_loss: {
    type: 'string',
    description: 'Left at the broker: sell when the price falls to this',
    example: '2600',
  },
  take_profit: {
    type: 'string',
    description: 'Left at the broker: sell when the price rises to this',
    example: '3100',
  },
} as const satisfies OptionSet;

export interface Terms {
  readonly price?: string;
  readonly stop?: string;
  readonly open_for?: number;
  readonly stop_loss?: string;
  readonly take_profit?: string;
}

const amount = /^(?:\d+(?:\.\d+)?|\.\d+)$/;

/**
 * The size as an alert of the handler `order` has it.
 * @param currency of the book: a size in another one is refused
 * @throws UserError for what is no size
 */
export function sizeOf(text: string, currency: string): Readonly<Record<string, string>> {
  const typed = text.trim().replace(/(\d),(?=\d{3}(?:\D|$))/g, '$1');
  const percent = /^(.+?)\s*%$/.exec(typed)?.[1];
  if (percent !== undefined && amount.test(percent)) return { percent };
  const money = /^(.+?)\s*([A-Za-z]{2,10})$/.exec(typed);
  const [, cost, named] = money ?? [];
  if (cost !== undefined && named !== undefined && amount.test(cost)) {
    if (named.toUpperCase() !== currency) {
      throw new UserError(
        `The book is in ${currency}, not in ${named.toUpperCase()}. Write it as ${cost} ${currency}.`,
      );
    }
    return { cost };
  }
  if (amount.test(typed)) return { quantity: typed };
  throw new UserError(
    `"${text}" is no size. Write a quantity such as 3, a part such as 10%, or money such as 500 ${currency}.`,
  );
}

/** As an alert of the handler `order` has them. What is wrong with them, the handler says. */
export function termsOf({
  price,
  stop,
  open_for,
  stop_loss,
  take_profit,
}: Terms): Readonly<Record<string, string>> {
  const type =
    price !== undefined
      ? stop !== undefined
        ? 'stop_limit'
        : 'limit'
      : stop !== undefined
        ? 'stop'
        : 'market';
  return {
    type,
    ...(price !== undefined && { price }),
    ...(stop !== undefined && { stop }),
    ...(open_for !== undefined && { open_for: String(open_for) }),
    ...(stop_loss !== undefined && { stop_loss }),
    ...(take_profit !== undefined && { take_profit }),
  };
}
