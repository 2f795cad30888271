/**
 * Binance's codes and sentences.
 * https://developers.binance.com/docs/binance-spot-api-docs/errors
 * https://developers.binance.com/docs/margin_trading/error-code
 */
import type { Reply } from '../http.ts';
import type { Refusal } from '../refusal.ts';

export class BinanceError extends Error {
  readonly status: number;
  readonly code: number;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(code: number, msg: string, status = 400, headers?: Readonly<Record<string, string>>) {
    super(msg);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  reply(): Reply {
    const { status, code, headers } = this;
    const body = { code, msg: this.message };
    return headers === undefined ? { status, body } : { status, body, headers };
  }
}

/** What the request was about, because one reason has several codes. */
export type Asked = 'place' | 'cancel' | 'query' | 'other';

export function binanceError({ kind, detail }: Refusal, asked: Asked, isolated: boolean): BinanceError {
  switch (kind) {
    case 'unknown_symbol':
      return new BinanceError(-1121, 'Invalid symbol.');
    case 'market_closed':
      return new BinanceError(-1013, 'Market is closed.');
    case 'insufficient_balance':
      return new BinanceError(-2010, 'Account has insufficient balance for requested action.');
    case 'duplicate_client_order_id':
      return new BinanceError(-2010, 'Duplicate order sent.');
    case 'unknown_order':
      return asked === 'cancel'
        ? new BinanceError(-2011, 'Unknown order sent.')
        : new BinanceError(-2013, 'Order does not exist.');
    case 'would_take':
      return new BinanceError(-2010, 'Order would immediately match and take.');
    case 'would_trigger':
      return new BinanceError(-2010, 'Stop price would trigger immediately.');
    case 'filter':
      return new BinanceError(-1013, `Filter failure: ${detail}`);
    case 'too_much_precision':
      return new BinanceError(-1111, `Parameter '${detail}' has too much precision.`);
    case 'not_marginable':
      return new BinanceError(-3021, 'Margin account are not allowed to trade this trading pair.');
    case 'unknown_asset':
      return new BinanceError(-3027, 'Not a valid margin asset.');
    case 'no_lender':
      return new BinanceError(-3045, 'The system does not have enough asset now.');
    case 'borrow_precision':
      return new BinanceError(51077, 'Precision is over the maximum defined for this asset.');
    case 'borrow_beyond_maximum':
      return isolated
        ? new BinanceError(-11008, "Exceeding the account's maximum borrowable limit.")
        : new BinanceError(-3006, 'Your borrow amount has exceed maximum borrow amount.');
    case 'repay_beyond_debt':
      return new BinanceError(-3015, 'Repay amount exceeds borrow amount.');
    case 'repay_beyond_balance':
      return new BinanceError(-3041, 'Balance is not enough');
    case 'transfer_beyond_maximum':
      return new BinanceError(-3020, 'Transfer out amount exceeds max amount.');
    case 'transfer_beyond_balance':
      return new BinanceError(-5013, 'Asset transfer failed: insufficient balance');
    default:
      return kind satisfies never;
  }
}
