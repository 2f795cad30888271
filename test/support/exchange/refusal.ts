/** Why the exchange refuses, in words of its own: each dialect has its code and its sentence for it. */

export type RefusalKind =
  | 'unknown_symbol'
  | 'market_closed'
  | 'insufficient_balance'
  | 'duplicate_client_order_id'
  | 'unknown_order'
  | 'would_take'
  | 'would_trigger'
  | 'filter'
  | 'too_much_precision'
  | 'not_marginable'
  | 'unknown_asset'
  | 'no_lender'
  | 'borrow_precision'
  | 'borrow_beyond_maximum'
  | 'repay_beyond_debt'
  | 'repay_beyond_balance'
  | 'transfer_beyond_maximum'
  | 'transfer_beyond_balance';

export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** The filter's name, or the parameter's. */
  readonly detail: string;

  constructor(kind: RefusalKind, detail = '') {
    super(`${kind} ${detail}`);
    this.kind = kind;
    this.detail = detail;
  }
}
