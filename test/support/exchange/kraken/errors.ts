/**
 * Kraken's words for refusals. They come with status 200, in a list.
 * https://docs.kraken.com/exchange/guides/general/errors
 */
import type { Refusal } from '../refusal.ts';

export class KrakenError extends Error {}

export function krakenError({ kind, detail }: Refusal): KrakenError {
  return new KrakenError(words(kind, detail));
}

function words(kind: Refusal['kind'], detail: string): string {
  switch (kind) {
    case 'unknown_symbol':
      return 'EQuery:Unknown asset pair';
    case 'unknown_asset':
      return 'EQuery:Unknown asset';
    case 'market_closed':
      return 'EService:Market in cancel_only mode';
    case 'insufficient_balance':
      return 'EOrder:Insufficient funds';
    case 'duplicate_client_order_id':
      return 'EGeneral:Invalid arguments:cl_ord_id not unique';
    case 'unknown_order':
      return 'EOrder:Unknown order';
    case 'would_take':
      return 'EOrder:Post only order';
    case 'would_trigger':
      return 'EOrder:Invalid price:Invalid price argument';
    case 'too_much_precision':
      return detail === 'quantity' ? 'EGeneral:Invalid arguments:volume' : 'EGeneral:Invalid arguments:price';
    case 'filter':
      if (detail === 'PRICE_FILTER') return 'EOrder:Tick size check failed';
      return detail === 'NOTIONAL' ? 'EOrder:Cost minimum not met' : 'EOrder:Order minimum not met';
    default:
      return 'EGeneral:Permission denied';
  }
}
